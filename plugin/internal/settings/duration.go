// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package settings

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var (
	numberAndUnit = regexp.MustCompile(`^([0-9]{1,12}(?:[.,][0-9]{1,6})?)\s*([A-Za-z]*)$`)
	// An ISO 8601 duration without years and months, which have no fixed length.
	isoDuration = regexp.MustCompile(`^P(?:([0-9]{1,5})W)?(?:([0-9]{1,5})D)?(?:T(?:([0-9]{1,6})H)?(?:([0-9]{1,6})M)?(?:([0-9]{1,9})S)?)?$`)
)

// units are what people write after a number, by the length of one.
var units = map[time.Duration][]string{
	time.Millisecond:     {"ms", "msec", "msecs", "millis", "millisecond", "milliseconds"},
	time.Second:          {"s", "sec", "secs", "second", "seconds", "seconde", "seconden"},
	time.Minute:          {"m", "min", "mins", "minute", "minutes", "minuut", "minuten"},
	time.Hour:            {"h", "hr", "hrs", "hour", "hours", "uur"},
	24 * time.Hour:       {"d", "day", "days", "dag", "dagen"},
	7 * 24 * time.Hour:   {"w", "wk", "week", "weeks", "weken"},
	365 * 24 * time.Hour: {"y", "yr", "year", "years", "jaar", "jaren"},
}

// parseDuration reads a duration with units, as Go writes them, or returns the cure.
func parseDuration(text string) (duration time.Duration, cure string) {
	duration, err := time.ParseDuration(text)
	if err == nil && strings.ContainsAny(text, "nsµmh") { // Go takes 0 alone
		return duration, ""
	}
	if match := numberAndUnit.FindStringSubmatch(text); match != nil {
		if match[2] == "" {
			return 0, fmt.Sprintf("has no unit: write %ss, or with m for minutes, h for hours", strings.Replace(match[1], ",", ".", 1))
		}
		if written, ok := withUnit(match[1], match[2]); ok {
			return 0, "write " + written
		}
	}
	if match := isoDuration.FindStringSubmatch(text); match != nil {
		var sum time.Duration
		for i, unit := range []time.Duration{7 * 24 * time.Hour, 24 * time.Hour, time.Hour, time.Minute, time.Second} {
			number, _ := strconv.Atoi(match[i+1]) // nothing there is 0
			sum += time.Duration(number) * unit
		}
		return 0, "write " + compact(sum)
	}
	return 0, "is no duration: write it with a unit, such as 500ms, 3s, 5m or 720h"
}

// withUnit writes a number of a unit that Go does not take.
func withUnit(number, word string) (string, bool) {
	value, err := strconv.ParseFloat(strings.Replace(number, ",", ".", 1), 64)
	if err != nil || word == "M" { // months, or minutes?
		return "", false
	}
	for unit, words := range units {
		for _, each := range words {
			if strings.EqualFold(each, word) && value*unit.Hours() < 1e6 {
				return compact(time.Duration(value * float64(unit))), true
			}
		}
	}
	return "", false
}

// compact writes a duration in one unit.
func compact(d time.Duration) string {
	for _, each := range []struct {
		unit time.Duration
		name string
	}{{time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}, {time.Millisecond, "ms"}} {
		if d%each.unit == 0 {
			return fmt.Sprintf("%d%s", d/each.unit, each.name)
		}
	}
	return d.String()
}
