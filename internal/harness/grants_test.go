// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package harness

import (
	"context"
	_ "embed"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	testBSN   = "999996630"
	testScope = "birth-care"
)

//go:embed testdata/mitz-consent.json
var policyTemplate string

// logRoot keeps the logs of all nodes until [TestMain] has searched them.
var logRoot string

func TestMain(m *testing.M) {
	os.Exit(RunAndScan(func(dir string) int {
		logRoot = dir
		return m.Run()
	}, []string{testBSN}, os.Stderr))
}

// stockWorld starts a world of stock nodes.
func stockWorld(t *testing.T) *World {
	t.Helper()
	return StartWorld(t, WorldConfig{
		LogRoot:             logRoot,
		Binaries:            Binaries{Mitz: stockBinary(t), Stock: stockBinary(t)},
		ConfigureDataHolder: withPolicy,
	})
}

// withPolicy gives the data holder's node an operator's policy for testScope.
func withPolicy(_ context.Context, world *World, node *NodeConfig) error {
	node.Policies = map[string]string{"mitz-consent": strings.NewReplacer(
		"@UZI@", world.UZI.Fingerprint(), "@AUTHORITY@", world.Authority.DID).Replace(policyTemplate)}
	return nil
}

// The nodes are built once for all tests of this package.
var (
	buildStock = sync.OnceValues(func() (string, error) { return BuildStock(context.Background(), os.Stderr) })
	buildMitz  = sync.OnceValues(func() (string, error) { return BuildMitz(context.Background(), os.Stderr) })
)

func stockBinary(t *testing.T) string {
	t.Helper()
	binary, err := buildStock()
	require.NoError(t, err)
	return binary
}

func mitzBinary(t *testing.T) string {
	t.Helper()
	binary, err := buildMitz()
	require.NoError(t, err)
	return binary
}

func assertClaims(t *testing.T, world *World, token string) {
	t.Helper()
	introspection, err := world.DataHolder.Introspect(t.Context(), token)
	require.NoError(t, err)
	require.True(t, introspection.Active)
	for claim, want := range map[string]string{
		"organization_ura":                 "00001234",
		"organization_name":                "Verloskundigen De Eerste Stap",
		"organization_facility_type":       "G3",
		"user_id":                          UZIIdentifier("900012345"),
		"user_role":                        "03.000",
		"patient_enrollment_identifier":    BSNIdentifier(testBSN),
		"patient_enrollment_registered_by": UZIIdentifier("900012345"),
		"scope":                            testScope,
		"iss":                              world.Issuer(),
	} {
		assert.Equal(t, want, introspection.Text(claim), claim)
	}
}

func TestGrantsBetweenStockNodes(t *testing.T) {
	world := stockWorld(t)
	t.Logf("requester up in %s, data holder in %s", world.Requester.StartTime, world.DataHolder.StartTime)

	t.Run("vp_token-bearer by the requester's node", func(t *testing.T) {
		for range 3 {
			started := time.Now()
			answer, err := world.RequestToken(t.Context(), testBSN, testScope)
			t.Logf("token in %s", time.Since(started))
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, answer.Status, string(answer.Body))
			assertClaims(t, world, answer.Token())
		}
	})
	t.Run("vp_token-bearer by a wallet", func(t *testing.T) {
		answer := walletRequest(t, world, nil)
		require.Equal(t, http.StatusOK, answer.Status, string(answer.Body))
		assertClaims(t, world, answer.Token())
	})
	t.Run("jwt-bearer by a wallet", func(t *testing.T) {
		answer := walletRequest(t, world, func(r *TokenRequest) { r.Grant = JWTBearer })
		require.Equal(t, http.StatusOK, answer.Status, string(answer.Body))
		assertClaims(t, world, answer.Token())
	})
	t.Run("authorization code", func(t *testing.T) {
		require.NoError(t, world.StoreForUserGrant(t.Context(), testBSN))
		result, err := world.RequestUserToken(t.Context(), testScope)
		require.NoError(t, err)
		require.Empty(t, result.RedirectError)
		require.Equal(t, http.StatusOK, result.TokenAnswer.Status)
		assertClaims(t, world, result.Token)
	})
}

// walletRequest makes a complete token request with a new wallet, changed by change.
func walletRequest(t *testing.T, world *World, change func(*TokenRequest)) Answer {
	t.Helper()
	wallet, err := world.NewWallet()
	require.NoError(t, err)
	set, err := world.CredentialsFor(t.Context(), wallet, testBSN)
	require.NoError(t, err)
	request := TokenRequest{Issuer: world.Issuer(), Scope: testScope, Credentials: set.All()}
	if change != nil {
		change(&request)
	}
	answer, err := wallet.RequestToken(t.Context(), request)
	require.NoError(t, err)
	return answer
}
