#!/bin/sh
# Writes the certificates that scheduler, workers and driver know each other by:
#
#   sh certificates.sh FOLDER
#
# ca.pem says whom to trust, cert.pem and key.pem are shown to the others. Whoever has cert.pem and key.pem can run code
# on every machine of the cluster: the folder is readable by its owner alone, and is copied over ssh or as a secret.
# ca-key.pem is needed for further certificates only, and by no machine of the cluster.
set -eu
folder=${1:?usage: sh certificates.sh FOLDER}
umask 077
mkdir "$folder"
cd "$folder"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 -subj "/CN=hwsearch authority" \
  -keyout ca-key.pem -out ca.pem
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=hwsearch" -keyout key.pem -out request.pem
openssl x509 -req -in request.pem -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 365 -out cert.pem
rm request.pem
