// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The beginnings of names that end in a value.
const (
	statusName  = "status "
	slowName    = "slow by "
	limitedName = "too many requests, retry after "

	locatingName    = "locating: "
	subscribingName = "subscribing: "
	notifyingName   = "notifying: "
	registeringName = "registering: "
)

// BehaviourNames returns the name of every behaviour, as [ParseBehaviour] reads it. For
// those with a value in their name it is an example.
func BehaviourNames() []string {
	names := []string{Behaving{}.String()}
	for _, variant := range AllVariants() {
		names = append(names, variant.String())
	}
	for _, fault := range slices.Sorted(maps.Keys(faults)) {
		names = append(names, fault.String())
	}
	names = append(names, HTTPStatus(503).String(), TooManyRequests(time.Minute).String(), Slow(2*time.Second).String())
	for _, inner := range append([]Behaviour{HTTPStatus(503), TooManyRequests(time.Minute), Slow(2 * time.Second)}, locatingFaults()...) {
		names = append(names, Locating{inner}.String())
	}
	for _, inner := range []Behaviour{HTTPStatus(503), TooManyRequests(time.Minute), Slow(2 * time.Second), Hanging, Dropping} {
		names = append(names, Subscribing{inner}.String(), Registering{inner}.String())
	}
	for _, each := range slices.Sorted(maps.Keys(notifyings)) {
		names = append(names, each.String())
	}
	return names
}

// ParseBehaviour reads a behaviour's name, as String gives it. Capitals make no difference.
// The error says what a name looks like, and does not repeat what was given.
func ParseBehaviour(name string) (Behaviour, error) {
	name = strings.ToLower(strings.TrimSpace(name))
	if inner, found := strings.CutPrefix(name, subscribingName); found {
		return parseSubscribing(inner)
	}
	if inner, found := strings.CutPrefix(name, registeringName); found {
		b, err := parseSubscribing(inner)
		if err != nil {
			return nil, err
		}
		return Registering{b.(Subscribing).Behaviour}, nil
	}
	if inner, found := strings.CutPrefix(name, locatingName); found {
		return parseLocating(inner)
	}
	if value, found := strings.CutPrefix(name, statusName); found {
		status, err := strconv.Atoi(value)
		if err != nil || HTTPStatus(status).code() != status {
			return nil, errors.New(`a status is from 400 to 599: write for example "status 503"`)
		}
		return HTTPStatus(status), nil
	}
	if value, found := strings.CutPrefix(name, slowName); found {
		duration, err := parseDuration(value)
		return Slow(duration), err
	}
	if value, found := strings.CutPrefix(name, limitedName); found {
		duration, err := parseDuration(value)
		return TooManyRequests(duration), err
	}
	if name == (Behaving{}).String() {
		return Behaving{}, nil
	}
	for _, variant := range AllVariants() {
		if variant.String() == name {
			return variant, nil
		}
	}
	for each := range notifyings {
		if strings.EqualFold(each.String(), name) {
			return each, nil
		}
	}
	for fault := range faults {
		if strings.EqualFold(fault.String(), name) {
			return fault, nil
		}
	}
	return nil, errors.New("no behaviour has this name")
}

func parseSubscribing(inner string) (Behaviour, error) {
	behaviour, err := ParseBehaviour(inner)
	if err != nil {
		return nil, err
	}
	if b := (Subscribing{behaviour}); b.applies() {
		return b, nil
	}
	return nil, errors.New(`not for subscriptions or registrations: write for example "subscribing: status 503"`)
}

func parseLocating(inner string) (Behaviour, error) {
	behaviour, err := ParseBehaviour(inner)
	if err != nil {
		return nil, err
	}
	if b := (Locating{behaviour}); b.applies() {
		return b, nil
	}
	return nil, errors.New(`not for open queries: write for example "locating: status 503"`)
}

func parseDuration(text string) (time.Duration, error) {
	duration, err := time.ParseDuration(text)
	if err != nil || duration < 0 {
		return 0, errors.New(`a duration needs a number and a unit: write for example "2s" or "1m30s"`)
	}
	return duration, nil
}
