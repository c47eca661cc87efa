// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitzclient

import (
	"bufio"
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/consent"
)

// renegotiator is the server's side of one TLS 1.2 connection that asks for a client
// certificate when it has seen the request, as IIS does (RFC 5246 and RFC 5746). Go's own
// server cannot. It knows one cipher suite and one curve, and checks what the client proves.
type renegotiator struct {
	net.Conn
	identity     tls.Certificate // with an ECDSA key
	authorities  [][]byte        // the names of the CAs that it says it takes
	read, write  *sealing
	pending      []byte // handshake messages that were received and not read
	transcript   []byte
	verifyData   []byte // of both sides, of the handshake before (RFC 5746 section 3.1)
	presented    []*x509.Certificate
	renegotiated int
}

// sealing is one direction's keys: ECDHE_ECDSA with AES_128_GCM_SHA256.
type sealing struct {
	cipher.AEAD
	implicit []byte
	sequence uint64
}

// The kinds of records and of handshake messages (RFC 5246 sections 6.2.1 and 7.4).
const (
	recordChange, recordHandshake, recordData                  = 20, 22, 23
	helloRequest, clientHello, serverHello, certificateMessage = 0, 1, 2, 11
	serverKeyExchange, certificateRequest, serverHelloDone     = 12, 13, 14
	certificateVerify, clientKeyExchange, finished             = 15, 16, 20
)

const suite = tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256

var errPeer = errors.New("the client does something else than was expected")

// sized puts the length of a value before it, in some bytes.
func sized(bytes int, value []byte) []byte {
	length := binary.BigEndian.AppendUint32(nil, uint32(len(value)))
	return append(length[4-bytes:], value...)
}

func (s *sealing) additional(kind byte, length int) []byte {
	data := binary.BigEndian.AppendUint64(nil, s.sequence)
	s.sequence++
	return binary.BigEndian.AppendUint16(append(data, kind, 3, 3), uint16(length))
}

func (r *renegotiator) send(kind byte, payload []byte) error {
	if r.write != nil {
		explicit := binary.BigEndian.AppendUint64(nil, r.write.sequence)
		nonce := slices.Concat(r.write.implicit, explicit)
		payload = r.write.Seal(explicit, nonce, payload, r.write.additional(kind, len(payload)))
	}
	_, err := r.Conn.Write(append([]byte{kind, 3, 3}, sized(2, payload)...))
	return err
}

func (r *renegotiator) receive(kind byte) ([]byte, error) {
	header := make([]byte, 5)
	if _, err := io.ReadFull(r.Conn, header); err != nil {
		return nil, err
	}
	payload := make([]byte, binary.BigEndian.Uint16(header[3:]))
	if _, err := io.ReadFull(r.Conn, payload); err != nil {
		return nil, err
	}
	if r.read != nil {
		nonce := slices.Concat(r.read.implicit, payload[:8])
		opened, err := r.read.Open(nil, nonce, payload[8:], r.read.additional(header[0], len(payload)-8-r.read.Overhead()))
		if err != nil {
			return nil, err
		}
		payload = opened
	}
	if header[0] != kind {
		return nil, errPeer
	}
	return payload, nil
}

func (r *renegotiator) say(kind byte, body []byte) error {
	message := append([]byte{kind}, sized(3, body)...)
	r.transcript = append(r.transcript, message...)
	return r.send(recordHandshake, message)
}

// hear returns the body of the next handshake message, and the transcript before it.
func (r *renegotiator) hear(kind byte) (body, before []byte, err error) {
	for len(r.pending) < 4 || len(r.pending) < r.due() {
		more, err := r.receive(recordHandshake)
		if err != nil {
			return nil, nil, err
		}
		r.pending = append(r.pending, more...)
	}
	before = slices.Clone(r.transcript)
	message := r.pending[:r.due()]
	r.pending = r.pending[r.due():]
	r.transcript = append(r.transcript, message...)
	if message[0] != kind {
		return nil, nil, errPeer
	}
	return message[4:], before, nil
}

func (r *renegotiator) due() int {
	return 4 + (int(r.pending[1])<<16 | int(r.pending[2])<<8 | int(r.pending[3]))
}

// handshake does one; ask tells whether it asks for a client certificate.
func (r *renegotiator) handshake(ask bool) error {
	r.transcript = nil
	hello, _, err := r.hear(clientHello)
	if err != nil {
		return err
	}
	// The client proves that it is the one of the handshake before.
	if half := r.verifyData[:len(r.verifyData)/2]; !bytes.Contains(hello, slices.Concat([]byte{0xff, 0x01}, sized(2, sized(1, half)))) {
		return errPeer
	}
	clientRandom, serverRandom := hello[2:34], make([]byte, 32)
	_, _ = rand.Read(serverRandom)
	private, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	parameters := slices.Concat([]byte{3, 0, 29}, sized(1, private.PublicKey().Bytes()))
	digest := sha256.Sum256(slices.Concat(clientRandom, serverRandom, parameters))
	signature, err := r.identity.PrivateKey.(*ecdsa.PrivateKey).Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		return err
	}
	extensions := sized(2, slices.Concat([]byte{0xff, 0x01}, sized(2, sized(1, r.verifyData))))
	problems := []error{
		r.say(serverHello, slices.Concat([]byte{3, 3}, serverRandom, []byte{0}, binary.BigEndian.AppendUint16(nil, suite), []byte{0}, extensions)),
		r.say(certificateMessage, sized(3, sized(3, r.identity.Certificate[0]))),
		r.say(serverKeyExchange, slices.Concat(parameters, []byte{4, 3}, sized(2, signature))),
	}
	if ask {
		var names []byte
		for _, name := range r.authorities {
			names = append(names, sized(2, name)...)
		}
		problems = append(problems, r.say(certificateRequest, slices.Concat([]byte{1, 1}, sized(2, []byte{8, 4}), sized(2, names))))
	}
	problems = append(problems, r.say(serverHelloDone, nil))
	if err := errors.Join(problems...); err != nil {
		return err
	}
	return r.agree(ask, private, clientRandom, serverRandom)
}

// agree reads the client's part, and ends the handshake.
func (r *renegotiator) agree(asked bool, private *ecdh.PrivateKey, clientRandom, serverRandom []byte) error {
	if asked {
		if err := r.hearCertificates(); err != nil {
			return err
		}
	}
	exchange, _, err := r.hear(clientKeyExchange)
	if err != nil {
		return err
	}
	public, err := ecdh.X25519().NewPublicKey(exchange[1:])
	if err != nil {
		return err
	}
	secret, err := private.ECDH(public)
	if err != nil {
		return err
	}
	if asked && len(r.presented) > 0 {
		if err := r.hearProof(); err != nil {
			return err
		}
	}
	master := prf(secret, "master secret", slices.Concat(clientRandom, serverRandom), 48)
	keys := prf(master, "key expansion", slices.Concat(serverRandom, clientRandom), 40)
	if _, err := r.receive(recordChange); err != nil {
		return err
	}
	r.read = newSealing(keys[0:16], keys[32:36])
	proof, before, err := r.hear(finished)
	if err != nil {
		return err
	}
	if !hmac.Equal(proof, finishedOf(master, "client finished", before)) {
		return errPeer
	}
	if err := r.send(recordChange, []byte{1}); err != nil {
		return err
	}
	r.write = newSealing(keys[16:32], keys[36:40])
	own := finishedOf(master, "server finished", r.transcript)
	r.verifyData = slices.Concat(proof, own)
	return r.say(finished, own)
}

func (r *renegotiator) hearCertificates() error {
	list, _, err := r.hear(certificateMessage)
	if err != nil {
		return err
	}
	r.presented = nil
	for list = list[3:]; len(list) > 3; {
		length := int(list[0])<<16 | int(list[1])<<8 | int(list[2])
		certificate, err := x509.ParseCertificate(list[3 : 3+length])
		if err != nil {
			return err
		}
		r.presented, list = append(r.presented, certificate), list[3+length:]
	}
	return nil
}

// hearProof checks that the client has the key of what it presented (RSA-PSS with SHA-256).
func (r *renegotiator) hearProof() error {
	proof, before, err := r.hear(certificateVerify)
	if err != nil {
		return err
	}
	digest := sha256.Sum256(before)
	return rsa.VerifyPSS(r.presented[0].PublicKey.(*rsa.PublicKey), crypto.SHA256, digest[:], proof[4:], nil)
}

// renegotiate has the client do another handshake, in which it is asked for a certificate.
func (r *renegotiator) renegotiate() error {
	r.renegotiated++
	if err := r.send(recordHandshake, []byte{helloRequest, 0, 0, 0}); err != nil {
		return err
	}
	return r.handshake(true)
}

// Read and Write make a connection for net/http's reader and writer.
func (r *renegotiator) Read(p []byte) (int, error) {
	data, err := r.receive(recordData)
	return copy(p, data), err // large enough for the tests' requests: bufio gives 4 KiB
}

func (r *renegotiator) Write(p []byte) (int, error) { return len(p), r.send(recordData, p) }

func newSealing(key, implicit []byte) *sealing {
	block, _ := aes.NewCipher(key)
	aead, _ := cipher.NewGCM(block)
	return &sealing{AEAD: aead, implicit: implicit}
}

func finishedOf(master []byte, label string, transcript []byte) []byte {
	digest := sha256.Sum256(transcript)
	return prf(master, label, digest[:], 12)
}

// prf is TLS 1.2's with SHA-256 (RFC 5246 section 5).
func prf(secret []byte, label string, seed []byte, size int) (out []byte) {
	seed = append([]byte(label), seed...)
	for a := sum(secret, seed); len(out) < size; a = sum(secret, a) {
		out = append(out, sum(secret, slices.Concat(a, seed))...)
	}
	return out[:size]
}

func sum(secret, text []byte) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write(text)
	return mac.Sum(nil)
}

// renegotiating serves one connection, which is renegotiated some times between the request
// and its answer. The function that it gives waits for the end, and tells what happened.
func (a *authority) renegotiating(t *testing.T, times int) (address string, end func() (*renegotiator, error)) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	identity, err := tls.X509KeyPair(a.issue(t, "127.0.0.1"))
	require.NoError(t, err)
	peer := &renegotiator{identity: identity, authorities: [][]byte{stranger(t).certificate.RawSubject}}
	var problem error
	var serving sync.WaitGroup
	serving.Go(func() {
		defer func() { _ = listener.Close() }()
		if peer.Conn, problem = listener.Accept(); problem != nil {
			return
		}
		defer func() { _ = peer.Close() }()
		_ = peer.SetDeadline(time.Now().Add(time.Minute))
		problem = peer.serve(t, times)
	})
	t.Cleanup(func() { _ = listener.Close(); serving.Wait() })
	return listener.Addr().String(), func() (*renegotiator, error) { serving.Wait(); return peer, problem }
}

func (r *renegotiator) serve(t *testing.T, times int) error {
	if err := r.handshake(false); err != nil {
		return err
	}
	request, err := http.ReadRequest(bufio.NewReaderSize(r, 32<<10))
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, request.Body); err != nil {
		return err
	}
	for range times {
		if err := r.renegotiate(); err != nil {
			return err
		}
	}
	answer := fixture(t, "permit.xml", request)
	_, err = io.WriteString(r, "HTTP/1.1 200 OK\r\nContent-Type: "+mediaType+"\r\nContent-Length: "+strconv.Itoa(len(answer))+"\r\nConnection: close\r\n\r\n"+answer)
	return err
}

func TestAServerMayAskForTheCertificateAfterTheRequest(t *testing.T) {
	ask := func(t *testing.T, times int) (*renegotiator, error, Answer, error) {
		a := newAuthority(t)
		address, end := a.renegotiating(t, times)
		client := a.client(t, "https://"+address)
		answer, err := client.Consult(t.Context(), question(t, "GGC002"))
		client.Close()
		peer, problem := end()
		return peer, problem, answer, err
	}
	t.Run("once", func(t *testing.T) {
		peer, problem, answer, err := ask(t, 1)
		require.NoError(t, problem)
		require.NoError(t, err)
		require.Equal(t, consent.Permit, answer.Decisions["GGC002"])
		require.Len(t, peer.presented, 1)
		require.Equal(t, "test", peer.presented[0].Subject.CommonName)
	})
	t.Run("and not twice", func(t *testing.T) {
		peer, problem, answer, err := ask(t, 2)
		require.Error(t, problem)
		require.Error(t, err)
		require.Empty(t, answer.Decisions)
		require.Equal(t, 2, peer.renegotiated)
	})
}

// Servers name the CAs that they take from a list that may be old, or about something else.
func TestTheCertificateIsSentWhateverCAsTheServerNames(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			var presented atomic.Int32
			server := start(t, func(w http.ResponseWriter, r *http.Request) {
				presented.Store(int32(len(r.TLS.PeerCertificates)))
				permits(t)(w, r)
			}, func(s *httptest.Server) {
				s.TLS.MaxVersion, s.TLS.ClientAuth, s.TLS.ClientCAs = version, tls.RequestClientCert, stranger(t).pool()
			})
			_, err := server.client(t).Consult(t.Context(), question(t, "GGC002"))
			require.NoError(t, err)
			require.EqualValues(t, 1, presented.Load())
		})
	}
}
