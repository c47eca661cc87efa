// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bytes"
	"net/http"
	"net/url"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/nuts-mitz/nuts-mitz/e2e-tests/demo/internal/web/stories"
	"github.com/nuts-mitz/nuts-mitz/mitzclient/mitztest"
)

// TestBeginningAnewWaitsForWhatIsOnItsWay begins anew while the hospital's subscription is on its
// way, and holds the notification that follows. The next story must see neither of them: a
// notification ends the tokens that it has by then.
func TestBeginningAnewWaitsForWhatIsOnItsWay(t *testing.T) {
	v, stage := newVisitor(t)
	permit := func() {
		v.send("/en/do", url.Values{
			"do": {"choose"}, "patient": {stories.Client}, "holder": {"hospital"}, "category": {category}, "kind": {practiceType}, "decision": {"permit"},
		})
	}
	ask := url.Values{"do": {"ask"}, "patient": {stories.Client}}
	permit()
	stage.Mitz.MisbehaveOnce(mitztest.Subscribing{Behaviour: mitztest.Slow(2 * time.Second)})
	require.Contains(t, v.send("/en/do", ask), theCast().client.notes[1])
	late := stage.DataHolder.Detain("/mitz/notify/")

	begun := make(chan error, 1)
	go func() { begun <- v.beginAnew() }()
	require.NoError(t, late.Wait(t.Context()), "nobody was subscribed in time, so nobody is told")
	require.Eventually(t, func() bool { return len(begun) > 0 || isRunning(t, "mitztest.(*Simulator).WaitUntilTold") }, playTime, time.Millisecond)
	assert.Empty(t, begun, "it is over while the hospital is not told yet")
	late.Pass()
	require.NoError(t, <-begun)

	page := v.see("/en/behind")
	told, over := strings.LastIndex(page, "Understood"), strings.LastIndex(page, "Everything starts afresh")
	require.Positive(t, told)
	assert.Less(t, told, over, "the hospital was told afterwards")
	assert.NotContains(t, page[over:], `class="message`, "something came afterwards")
	permit()
	assert.Contains(t, v.send("/en/do", ask), theCast().client.notes[1])
	assert.Contains(t, v.send("/en/do", url.Values{"do": {"read-again"}}), theCast().client.notes[1], "the new token lives")
}

// beginAnew presses the button, and waits until it is done.
func (v *visitor) beginAnew() error {
	request, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, v.url+"/en/do", strings.NewReader("do=reset"))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Origin", v.url)
	response, err := v.client.Do(request)
	if err != nil {
		return err
	}
	return response.Body.Close()
}

// isRunning reports whether a function is being called in this process.
func isRunning(t *testing.T, function string) bool {
	t.Helper()
	var stacks bytes.Buffer
	require.NoError(t, pprof.Lookup("goroutine").WriteTo(&stacks, 2))
	return strings.Contains(stacks.String(), function)
}
