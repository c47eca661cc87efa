// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// exchange is one query on its way to an answer.
type exchange struct {
	sim       *Simulator
	w         http.ResponseWriter
	r         *http.Request
	asked     *closedQuery
	decisions consent.Decisions
}

// answer answers with the decisions.
func (x *exchange) answer() {
	a := answerTo(x.asked, func(category consent.Category) consent.Decision { return x.decisions[category] })
	x.send(http.StatusOK, a.String())
}

// permit returns the answer that permits everything, whatever is on record. Faults
// start from it, so that one that is overlooked becomes a permission.
func (x *exchange) permit() *answer {
	return answerTo(x.asked, func(consent.Category) consent.Decision { return consent.Permit })
}

func (x *exchange) send(status int, text string) { sendMessage(x.w, status, text) }

// fail answers with a status and a line of text.
func (x *exchange) fail(status int) { http.Error(x.w, http.StatusText(status), status) }

// sendSome promises the whole text and sends a part of it.
func (x *exchange) sendSome(text string, promised, sent int) {
	if promised > 0 {
		x.w.Header().Set("Content-Length", strconv.Itoa(promised))
	}
	sendMessage(x.w, http.StatusOK, text[:sent])
	_ = http.NewResponseController(x.w).Flush()
}

// await waits until due. A client that left meanwhile is noted, and the connection
// is dropped: to return would send an empty answer with status 200, which can still
// reach a client that is closing. Close ends the request's context too.
func (x *exchange) await(due <-chan time.Time) {
	select {
	case <-due:
	case <-x.r.Context().Done():
		x.gone()
		x.drop()
	}
}

// gone notes that the client left, unless it was the simulator that closed.
func (x *exchange) gone() {
	select {
	case <-x.sim.closing:
	default:
		x.sim.journal.cancel()
	}
}

// hang waits for the client to go or the simulator to close.
func (x *exchange) hang() { x.await(nil) }

// hangHalfway hangs after half the answer.
func (x *exchange) hangHalfway() {
	text := x.permit().String()
	x.sendSome(text, len(text), len(text)/2)
	x.hang()
}

// drop closes the connection without an answer.
func (x *exchange) drop() { panic(http.ErrAbortHandler) }

// dropHalfway closes the connection after half the answer.
func (x *exchange) dropHalfway() {
	text := x.permit().String()
	x.sendSome(text, len(text), len(text)/2)
	x.drop()
}

// endless sends white space without end after the first half of the answer.
func (x *exchange) endless() {
	text := x.permit().String()
	x.sendSome(text, 0, strings.Index(text, "<s:Body>"))
	blank := strings.Repeat(" ", 64<<10)
	for {
		if _, err := io.WriteString(x.w, blank); err != nil {
			x.gone()
			x.drop()
		}
	}
}

// redirect sends the client to where everything is permitted.
func (x *exchange) redirect() {
	x.w.Header().Set("Location", x.sim.Endpoint()+redirectedPath)
	x.w.WriteHeader(http.StatusTemporaryRedirect)
}

// switchProtocols answers with status 101 (RFC 9110, section 15.2.2), which hands the
// connection over: a client that reads on reads for as long as it likes.
func (x *exchange) switchProtocols() {
	x.sim.conns.Add(1) // the server counts the connection no more
	defer x.sim.conns.Done()
	conn, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil {
		x.drop()
	}
	left := make(chan struct{})
	x.sim.conns.Go(func() {
		select {
		case <-x.sim.closing:
		case <-left:
		}
		_ = conn.Close()
	})
	defer close(left)
	_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: xacml\r\n"+
		"Content-Type: application/soap+xml; charset=utf-8\r\n\r\n"+x.permit().String())
	_, _ = io.Copy(io.Discard, conn)
	x.gone()
}
