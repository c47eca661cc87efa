# SPDX-FileCopyrightText: 2026 The nuts-mitz authors
# SPDX-License-Identifier: GPL-3.0-or-later

# Two images: the node (the last stage, so the default), which replaces that of the stock node:
# same user, paths, ports, variables and command; and Mitz's simulator (--target simulator).
# Build it in a clone, not in a linked worktree: the version is read from .git.

FROM golang:1.26.10-alpine AS build
RUN apk add --no-cache git make
WORKDIR /source
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN make build GOTOOLCHAIN=local
# The Dutch state's and others' roots that the stock image trusts too.
RUN mkdir /cacerts && cp "$(go list -m -f '{{.Dir}}' github.com/nuts-foundation/nuts-node)"/pki/cacerts/*.crt /cacerts/

FROM alpine:3.23.3 AS base
RUN apk add --no-cache ca-certificates curl tzdata \
  && adduser -D -H -u 18081 nuts-usr

FROM base AS simulator
RUN mkdir /certificates && chown 18081:18081 /certificates
COPY --from=build /source/bin/mitz-simulator /usr/bin/mitz-simulator
USER 18081:18081
WORKDIR /certificates
EXPOSE 8443
HEALTHCHECK --start-period=30s --timeout=5s --interval=10s \
    CMD curl -fsS -o /dev/null http://127.0.0.1:8444/queries || exit 1
ENTRYPOINT ["/usr/bin/mitz-simulator"]
CMD ["--beyond-loopback", "--listen", "0.0.0.0:8443", "--host", "simulator", "--control", "127.0.0.1:8444", "--dir", "/certificates"]

FROM base AS node
COPY --from=build /cacerts/ /usr/local/share/ca-certificates/
# A volume that is made for /nuts/data belongs to who owns that directory here.
RUN update-ca-certificates \
  && mkdir -p /nuts/config /nuts/data/crypto \
  && chown -R 18081:18081 /nuts/data \
  && ln -s nuts /usr/bin/nuts-mitz
COPY --from=build /source/bin/nuts-mitz /usr/bin/nuts
HEALTHCHECK --start-period=30s --timeout=5s --interval=10s \
    CMD curl -f http://localhost:8081/status || exit 1
USER 18081:18081
WORKDIR /nuts
EXPOSE 8080 8081 5555
ENTRYPOINT ["/usr/bin/nuts"]
CMD ["server"]
