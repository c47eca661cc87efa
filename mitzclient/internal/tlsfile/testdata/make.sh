#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The nuts-mitz authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Makes the files in this directory anew, as people get them from OpenSSL 3 and from
# Java 17's keytool. The tests use what is kept here, so they need neither. The
# certificates are of throw-away keys, and their password, where there is one, is "geheim".
#
#   keytool.p12          a CA that was imported first, then the key's entry: the CA stands before the leaf
#   keytool-two-keys.p12 two key entries
#   keytool-cas.p12      CAs only, as a trust store
#   keytool.jks          the old form of Java
#   openssl.p12          OpenSSL 3 without options: PBES2, AES-256, SHA-256
#   openssl-legacy.p12   OpenSSL 1 without options: RC2 (40 bits) and 3DES
#   windows.p12          3DES, with the attributes that the export of Windows writes
#   empty-password.p12   the empty password; empty-password-legacy.p12 the same, as OpenSSL 1 writes it
#   no-mac.p12           encrypted and without MAC
#   no-certificate.p12   a key alone
#   client.pem, client.key, intermediate.pem, root.pem: the same certificates and key
#   trusted.pem          OpenSSL's TRUSTED CERTIFICATE; chain.p7b PKCS#7; client.der DER
set -euo pipefail
cd "$(dirname "$0")"
rm -f ./*.p12 ./*.jks ./*.pem ./*.key ./*.p7b ./*.der
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

issue() { # name, subject, issuer, extensions
  openssl req -newkey rsa:2048 -nodes -keyout "$work/$1.key" -subj "$2" -out "$work/$1.csr" 2>/dev/null
  if [ "$1" = "$3" ]; then sign=(-key "$work/$1.key"); else sign=(-CA "$work/$3.pem" -CAkey "$work/$3.key" -CAcreateserial); fi
  openssl x509 -req -in "$work/$1.csr" "${sign[@]}" -days 36500 -extfile <(printf '%s\n' "$4") -out "$work/$1.pem" 2>/dev/null
}
ca='basicConstraints=critical,CA:true
keyUsage=critical,keyCertSign
subjectKeyIdentifier=hash'
issue root '/CN=fixture root' root "$ca"
issue intermediate '/CN=fixture intermediate' root "$ca"
issue client '/O=Test hospital/CN=fixture client' intermediate 'extendedKeyUsage=clientAuth
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid'
issue other '/CN=another client' intermediate 'extendedKeyUsage=clientAuth'
cp "$work"/{root,intermediate,client}.pem .
cp "$work/client.key" client.key
cat "$work/intermediate.pem" "$work/root.pem" > "$work/cas.pem"

export_() { openssl pkcs12 -export -inkey "$work/client.key" -in "$work/client.pem" -certfile "$work/cas.pem" -name mitz "$@"; }
export_ -passout pass:geheim -out openssl.p12
export_ -legacy -passout pass:geheim -out openssl-legacy.p12
export_ -passout pass:geheim -keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1 -LMK -CSP 'Microsoft Enhanced RSA and AES Cryptographic Provider' -out windows.p12
export_ -passout pass: -out empty-password.p12
export_ -legacy -passout pass: -out empty-password-legacy.p12
export_ -passout pass:geheim -nomac -out no-mac.p12
openssl pkcs12 -export -nocerts -inkey "$work/client.key" -passout pass:geheim -out no-certificate.p12
openssl pkcs12 -export -inkey "$work/other.key" -in "$work/other.pem" -name other -passout pass:geheim -out "$work/other.p12"

store=(-storetype PKCS12 -storepass geheim -noprompt)
import() { keytool -importkeystore -srckeystore "$1" -srcstorepass geheim -destkeystore "$2" -deststoretype "${3:-PKCS12}" -deststorepass geheim -noprompt 2>/dev/null; }
keytool -importcert -alias root -file "$work/root.pem" -keystore keytool.p12 "${store[@]}" 2>/dev/null
keytool -importcert -alias intermediate -file "$work/intermediate.pem" -keystore keytool.p12 "${store[@]}" 2>/dev/null
cp keytool.p12 keytool-cas.p12
import openssl.p12 keytool.p12
cp keytool.p12 keytool-two-keys.p12
import "$work/other.p12" keytool-two-keys.p12
import openssl.p12 keytool.jks JKS

openssl x509 -in "$work/root.pem" -trustout -addtrust serverAuth -out trusted.pem
openssl crl2pkcs7 -nocrl -certfile "$work/cas.pem" -out chain.p7b
openssl x509 -in "$work/client.pem" -outform der -out client.der
