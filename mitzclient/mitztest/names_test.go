// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEveryBehaviourIsFoundByItsName(t *testing.T) {
	behaviours := append(AllFaults(), Behaving{}, Denying, HTTPStatus(599), Slow(1500*time.Millisecond), Slow(0), TooManyRequests(90*time.Second))
	behaviours = append(behaviours, AllVariants()...)
	behaviours = append(behaviours, Subscribing{HTTPStatus(404)}, Subscribing{Slow(time.Second)}, Subscribing{Hanging}, Registering{HTTPStatus(404)}, Registering{Dropping})
	behaviours = append(append(behaviours, AllLocatingFaults()...), Locating{Slow(time.Second)}, Locating{ByteOrderMark})
	for way := range notifyings {
		behaviours = append(behaviours, way)
	}
	for _, behaviour := range behaviours {
		for _, name := range []string{behaviour.String(), strings.ToUpper(behaviour.String()), " " + behaviour.String() + "\n"} {
			found, err := ParseBehaviour(strings.ReplaceAll(name, "MS", "ms"))
			require.NoError(t, err, name)
			assert.Equal(t, behaviour, found, name)
		}
	}
	names := BehaviourNames()
	for _, name := range names {
		_, err := ParseBehaviour(name)
		require.NoError(t, err, name)
	}
	assert.Len(t, names, len(faults)+len(variants)+4+3+len(locatingFaults())+5+5+len(notifyings),
		"a name for each fault, variant and way of notifying, for behaving, a status, slow and too many, those for open queries, and five for who subscribes, or registers")
}

func TestANameThatNoBehaviourHasIsRefusedWithoutRepeatingIt(t *testing.T) {
	for name, reason := range map[string]string{
		"":                                     "no behaviour has this name",
		"900186021":                            "no behaviour has this name",
		"unknown fault":                        "no behaviour has this name",
		"status":                               "no behaviour has this name",
		"status 200":                           "a status is from 400 to 599",
		"status 900186021":                     "a status is from 400 to 599",
		"slow by 900186021":                    "a duration needs a number and a unit",
		"slow by -2s":                          "a duration needs a number and a unit",
		"too many requests, retry after later": "a duration needs a number and a unit",
		"subscribing: 900186021":               "no behaviour has this name",
		"subscribing: denying":                 "not for subscriptions",
		"subscribing: notifying: twice":        "not for subscriptions",
		"locating: 900186021":                  "no behaviour has this name",
		"locating: denying":                    "not for open queries",
		"notifying: 900186021":                 "no behaviour has this name",
	} {
		_, err := ParseBehaviour(name)
		require.ErrorContains(t, err, reason, name)
		assert.NotContains(t, err.Error(), "900186021")
	}
}
