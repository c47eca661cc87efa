// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package wire

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"syscall"

	"github.com/nuts-mitz/nuts-mitz/mitzclient/internal/link"
)

// transportFailure says why there is no whole HTTP answer.
func transportFailure(ctx context.Context, err error) *link.Failure {
	if timeout, ok := errors.AsType[net.Error](err); ctx.Err() != nil || ok && timeout.Timeout() {
		return link.Ended(ctx, "")
	}
	if detail := tlsDetail(err); detail != "" {
		return &link.Failure{Code: link.TLS, Detail: detail}
	}
	return &link.Failure{Code: link.Unreachable, Detail: NetworkDetail(err)}
}

// tlsDetail is empty when the failure is not one of TLS.
func tlsDetail(err error) string {
	if is[x509.UnknownAuthorityError](err) {
		return "unknown_authority"
	}
	if is[x509.HostnameError](err) {
		return "host_name"
	}
	if is[*tls.CertificateVerificationError](err) {
		return "invalid_certificate"
	}
	if is[tls.RecordHeaderError](err) {
		return "not_tls"
	}
	// crypto/tls reports an alert as an operation, sent by either side.
	switch operation, _ := errors.AsType[*net.OpError](err); {
	case operation == nil:
		return ""
	case operation.Op == "remote error":
		return "refused_by_mitz"
	case operation.Op == "local error":
		return "handshake"
	default:
		return ""
	}
}

// NetworkDetail returns what refines [link.Unreachable].
func NetworkDetail(err error) string {
	switch {
	case is[*net.DNSError](err):
		return "dns"
	case errors.Is(err, syscall.ECONNREFUSED):
		return link.DetailRefused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return link.DetailLost
	case is[*net.OpError](err):
		return "network"
	default:
		return "no_http"
	}
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}
