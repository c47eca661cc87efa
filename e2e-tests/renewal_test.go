// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package e2e

import (
	"context"
	"crypto"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/nuts-mitz/nuts-mitz/internal/harness"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// What the node logs when the files for Mitz changed.
const (
	inUse   = "The changed TLS files for Mitz are in use"
	notGood = "The changed TLS files for Mitz are not good: those before stay in use"
)

// TestCertificatesChangedUnderLoad replaces the files with which a data holder reaches
// Mitz while clients ask for tokens without a pause. Mitz is slow, so that queries are
// under way whenever the files change.
func TestCertificatesChangedUnderLoad(t *testing.T) {
	t.Parallel() // most of its time it waits until the node looks at the files
	ours, other := must[*mitztest.Identity](t)(mitztest.NewIdentity()), must[*mitztest.Identity](t)(mitztest.NewIdentity())
	r := renewableWorld(t, ours, other)
	r.Mitz.Misbehave(mitztest.Slow(50 * time.Millisecond))
	l := startLoad(t, r.World, 4)
	r.uses(l, "first")

	expires := r.renew(ours, "renewed", 60)
	r.awaitLog(l.ctx, inUse)
	assert.Equal(t, expires, r.expiry())
	r.uses(l, "renewed")

	r.replace(r.certificate, []byte("half a file"))
	r.awaitLog(l.ctx, notGood)
	assert.Equal(t, expires, r.expiry(), "the one before stays in use")
	assert.True(t, r.health().Contains(`"mitz.certificate":{"status":"UNKNOWN","details":"the changed TLS files for Mitz are not good`))
	r.uses(l, "renewed")

	expires = r.renew(other, "of another authority", 20)
	r.awaitLog(l.ctx, inUse)
	assert.Equal(t, expires, r.expiry())
	assert.True(t, r.health().Contains(`"mitz.certificate":{"status":"UNKNOWN","details":"the client certificate for Mitz expires in 19 days"}`))
	r.uses(l, "of another authority")

	r.replace(r.truststore, slices.Concat(other.CAPEM(), r.roots))
	r.awaitLog(l.ctx, inUse)
	r.uses(l, "of another authority")

	rested := l.end()
	require.NoError(t, context.Cause(l.ctx), "every request got a token")
	var asked []string
	for _, query := range r.Mitz.Queries() {
		asked = append(asked, query.RequestID)
	}
	slices.Sort(asked)
	slices.Sort(rested)
	assert.Equal(t, asked, rested, "each token rests on a query of its own, and there were no others")

	t.Run("roots that are Mitz's no more are not trusted", func(t *testing.T) {
		reset(r.World)
		permit(t, r.World, patient, "00000659", "GGC002")
		r.replace(r.truststore, other.CAPEM())
		r.awaitLog(t.Context(), inUse)
		assertRefused(t, r.World, newAttempt(t, r.World, harness.JWTBearer).send(), "server_error", undetermined, 0)
	})
}

// renewable is a world in which an operator can replace the data holder's files for Mitz.
type renewable struct {
	t *testing.T
	*harness.World
	log *harness.LogFollower

	certificate string // PKCS#12
	password    string
	truststore  string
	roots       []byte // Mitz's, with which the truststore begins
}

const pkcs12Password = "geheim"

// renewableWorld has a Mitz that lets in the clients of some authorities. The data holder
// has a certificate of the first one, and consent is on record.
func renewableWorld(t *testing.T, authorities ...*mitztest.Identity) *renewable {
	t.Helper()
	dir := t.TempDir()
	r := &renewable{
		t: t, certificate: filepath.Join(dir, "client.p12"), password: filepath.Join(dir, "client.pass"), truststore: filepath.Join(dir, "ca.pem"),
	}
	r.renew(authorities[0], "first", 90)
	r.replace(r.password, []byte(pkcs12Password+"\n"))
	config := plainWorld()
	config.MitzAuthorities = authorities
	config.ConfigureMitz = func(section *harness.MitzConfig) {
		r.roots = must[[]byte](t)(os.ReadFile(section.TrustStoreFile))
		r.replace(r.truststore, r.roots)
		section.CertFile, section.CertKeyFile, section.PasswordFile = r.certificate, "", r.password
		section.TrustStoreFile = r.truststore
		section.Timeout = "30s"
	}
	r.World = harness.StartWorld(t, config)
	r.log = must[*harness.LogFollower](t)(r.FollowLog(r.DataHolder))
	permit(t, r.World, patient, "00000659", "GGC002")
	return r
}

// replace puts a file in place at once, so that nobody reads half of it.
func (r *renewable) replace(path string, content []byte) {
	r.t.Helper()
	require.NoError(r.t, os.WriteFile(path+".new", content, 0o600))
	require.NoError(r.t, os.Rename(path+".new", path))
}

// renew puts another client certificate in place, and tells when it expires.
func (r *renewable) renew(authority *mitztest.Identity, name string, days int) time.Time {
	r.t.Helper()
	key := authority.Client().PrivateKey.(crypto.Signer)
	certificate, err := authority.IssueClient(name, key, time.Now().Add(time.Duration(days)*24*time.Hour))
	require.NoError(r.t, err)
	r.replace(r.certificate, must[[]byte](r.t)(pkcs12.Modern.Encode(key, certificate.Leaf, nil, pkcs12Password)))
	return certificate.Leaf.NotAfter
}

// longest is how long anything here may take; the node looks at its files every second.
const longest = time.Minute

// awaitLog waits until the data holder's node logs this.
func (r *renewable) awaitLog(ctx context.Context, text string) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	require.NoError(r.t, r.log.WaitFor(ctx, text))
}

// uses waits until every client asked for more tokens, and checks that all queries were under the certificate.
func (r *renewable) uses(l *load, name string) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(l.ctx, longest)
	defer cancel()
	before := len(r.Mitz.Queries())
	require.NoError(r.t, r.Mitz.WaitForQueries(ctx, before+3*len(l.clients)), "%v", context.Cause(ctx))
	for _, query := range r.Mitz.Queries()[before+len(l.clients):] { // each client had at most one under way
		require.Contains(r.t, query.ClientSubject, "CN="+name+",")
	}
}

var expiryMetric = regexp.MustCompile(`(?m)^nuts_mitz_client_certificate_expiry_timestamp_seconds (\S+)$`)

func (r *renewable) health() harness.Answer {
	r.t.Helper()
	return must[harness.Answer](r.t)(r.DataHolder.Get(r.t.Context(), "/health"))
}

// expiry is what the metrics say of the client certificate in use.
func (r *renewable) expiry() time.Time {
	r.t.Helper()
	metrics := must[harness.Answer](r.t)(r.DataHolder.Get(r.t.Context(), "/metrics"))
	match := expiryMetric.FindStringSubmatch(string(metrics.Body))
	require.NotNil(r.t, match)
	return time.Unix(int64(must[float64](r.t)(strconv.ParseFloat(match[1], 64))), 0).UTC()
}
