#!/bin/bash
# Searches a study on machines that are reached by ssh: a scheduler here, workers there, all of them gone at the end.
#
#   HOSTS="node1:8 node2:4" TLS=/home/me/tls bash ssh.sh STUDY [options of hwsearch run]
#
# HOSTS   machines, each with its number of workers: one a core, or one a GPU (each worker takes a GPU of its own)
# TLS     folder of certificates.sh, at the same path on every machine; without it nothing is encrypted, and whoever
#         reaches the port can run code on every machine: only in a network where all are trusted
# PYTHON  the Python that hwsearch[cluster] is installed for, at the same path everywhere (default: python)
# HOST    the name or address by which the machines reach this one (default: its full name)
# PORT    of the scheduler (default: 8786)
#
# A worker that dies is started again by its nanny. If the scheduler dies, the same line goes on where the run stopped.
set -euo pipefail
: "${HOSTS:?name machines, each with its number of workers: HOSTS=\"node1:8 node2:4\"}"
python=${PYTHON:-python} host=${HOST:-$(hostname -f)} port=${PORT:-8786}
tls=() hwsearch=() scheme=tcp
if [ -n "${TLS:-}" ]; then
  scheme=tls
  tls=(--tls-ca-file "$TLS/ca.pem" --tls-cert "$TLS/cert.pem" --tls-key "$TLS/key.pem")
  hwsearch=(--tls-ca "$TLS/ca.pem" --tls-cert "$TLS/cert.pem" --tls-key "$TLS/key.pem")
fi
address=$scheme://$host:$port
trap 'kill $(jobs -p) 2> /dev/null || true; wait' EXIT

"$python" -m dask scheduler --host "$host" --port "$port" --protocol "$scheme" --no-dashboard "${tls[@]}" &
for machine in $HOSTS; do
  # Dask looks at what a worker does every 10 ms, and at itself every 20: a tenth of the time
  worker=(env DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED=False DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL=1s "$python" -m dask worker "$address" --nworkers "${machine##*:}" --nthreads 1 --memory-limit 0
    --no-dashboard --death-timeout 120 "${tls[@]}")
  ssh -o BatchMode=yes "${machine%:*}" "exec $(printf '%q ' "${worker[@]}")" &
done
"$python" -m hwsearch run "$@" --scheduler "$address" "${hwsearch[@]}"
