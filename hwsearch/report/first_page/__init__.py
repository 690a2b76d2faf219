"""The first page for people who decide, and the staged plan: one text, in English or Japanese, as HTML or Markdown.

What is said is settled once, in values (`compose`), from typed numbers that know the file they stand in (`numbers`);
the words of each language lie in a table (`words.en.toml`, `words.ja.toml`), so that both say the same.
"""
