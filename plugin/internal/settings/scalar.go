// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package settings

import (
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// plainNumber is a number that is the same text when it is read as a number and written again.
var plainNumber = regexp.MustCompile(`^(0|[1-9][0-9]*)$`)

// scalar reads one value. A text may stand where another type belongs, when it says the
// same: the environment knows only text.
func (d *decoder) scalar(into reflect.Value, node *yaml.Node, key string) {
	tag := node.ShortTag()
	if !slices.Contains([]string{tagText, tagInt, tagFloat, tagBool, tagNull, tagDate, tagMerge}, tag) {
		d.problem(node, key, "has a tag (!) that nothing here understands: remove it")
		return
	}
	var cure string
	switch {
	case into.Type() == durationType:
		var duration, problem = parseDuration(node.Value)
		cure = problem
		if cure == "" {
			into.SetInt(int64(duration))
		}
	case into.Kind() == reflect.String:
		if cure = quoteCure(tag, node.Value); cure == "" {
			into.SetString(node.Value)
		}
	case into.Kind() == reflect.Bool:
		cure = readBool(into, node.Value)
	case into.CanInt() || into.CanUint():
		cure = readNumber(into, node.Value)
	default:
		cure = "cannot be given" // a field of a type that nobody thought of
	}
	if cure != "" {
		d.problem(node, key, "%s", cure)
	}
}

// quoteCure says why what is written without quotes is not the text that it seems to be.
func quoteCure(tag, text string) string {
	switch {
	case tag == tagNull:
		return "is empty: give it a value, or leave the key out"
	case tag == tagBool:
		return "quote it: without quotes it is read as true or false"
	case tag == tagDate:
		return "quote it: without quotes it is read as a date"
	case (tag == tagInt || tag == tagFloat) && strings.HasPrefix(text, "0") && !plainNumber.MatchString(text):
		return "quote it: it begins with zeros, and without quotes it is read as a number"
	case tag == tagFloat || tag == tagInt && !plainNumber.MatchString(text):
		return "quote it: without quotes it is read as a number"
	default:
		return ""
	}
}

// readBool takes the words that YAML takes. Those of its older versions are texts to the
// node's parser, which is a surprise: they are refused.
func readBool(into reflect.Value, text string) (cure string) {
	switch strings.ToLower(text) {
	case "true":
		into.SetBool(true)
	case "false":
		into.SetBool(false)
	case "yes", "y", "on", "1", "ja":
		return "write true"
	case "no", "n", "off", "0", "nee":
		return "write false"
	default:
		return "true or false belongs here"
	}
	return ""
}

func readNumber(into reflect.Value, text string) (cure string) {
	digits := strings.TrimPrefix(text, "-")
	if stripped := strings.TrimLeft(digits, "0"); !plainNumber.MatchString(digits) && plainNumber.MatchString(stripped) {
		return "write it without the zeros before it, which make another number of it"
	}
	number, err := strconv.ParseInt(text, 10, into.Type().Bits())
	if err != nil || !plainNumber.MatchString(digits) || into.CanUint() && number < 0 {
		return "a whole number belongs here, written in digits"
	}
	if into.CanUint() {
		into.SetUint(uint64(number))
	} else {
		into.SetInt(number)
	}
	return ""
}
