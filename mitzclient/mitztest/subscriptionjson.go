// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// readSubscriptionJSON reads the JSON form: every key exactly once, and no others.
func readSubscriptionJSON(document []byte) (form subscriptionForm, err error) {
	root, err := parseJSON(document)
	if err != nil {
		return form, err
	}
	top, err := members(root, "Subscription", "resourceType", "extension", "status", "reason", "criteria", "channel")
	if err != nil {
		return form, err
	}
	channel, err := members(top["channel"], "Subscription.channel", "type", "endpoint", "payload")
	if err != nil {
		return form, err
	}
	var resourceType string
	for _, field := range []struct {
		in          map[string]any
		place, name string
		into        *string
	}{
		{top, "Subscription", "resourceType", &resourceType},
		{top, "Subscription", "status", &form.status},
		{top, "Subscription", "reason", &form.reason},
		{top, "Subscription", "criteria", &form.criteria},
		{channel, "Subscription.channel", "type", &form.channel},
		{channel, "Subscription.channel", "endpoint", &form.endpoint},
		{channel, "Subscription.channel", "payload", &form.payload},
	} {
		text, isText := field.in[field.name].(string)
		if !isText {
			return form, deviation("%s.%s: must be a string", field.place, field.name)
		}
		*field.into = text
	}
	if resourceType != "Subscription" {
		return form, deviation("resourceType: must be Subscription")
	}
	form.extensions, err = readExtensionsJSON(top["extension"])
	return form, err
}

func readExtensionsJSON(value any) (forms []extensionForm, err error) {
	const place = "Subscription.extension"
	list, isList := value.([]any)
	if !isList {
		return nil, deviation("%s: must be a list", place)
	}
	for _, each := range list {
		object, isObject := each.(map[string]any)
		url, hasURL := object["url"].(string)
		if !isObject || !hasURL || len(object) != 2 {
			return nil, deviation("%s: each must hold a url and one value", place)
		}
		for kind, value := range object {
			if kind == "url" {
				continue
			}
			text, isText := value.(string)
			if !isText {
				return nil, deviation("%s: a value must be a string", place)
			}
			forms = append(forms, extensionForm{url, kind, text})
		}
	}
	return forms, nil
}

// members returns the members of an object, which must be exactly these.
func members(value any, place string, names ...string) (map[string]any, error) {
	object, isObject := value.(map[string]any)
	if !isObject {
		return nil, deviation("%s: must be an object", place)
	}
	for _, name := range names {
		if _, found := object[name]; !found {
			return nil, deviation("%s: %s is missing", place, name)
		}
	}
	if len(object) != len(names) {
		return nil, deviation("%s: must have nothing but %s", place, strings.Join(names, ", "))
	}
	return object, nil
}

// parseJSON reads one document of RFC 8259. Beyond what encoding/json checks it refuses a
// name that is in an object twice, what is not UTF-8, and deep nesting.
func parseJSON(document []byte) (any, error) {
	if !utf8.Valid(document) || !json.Valid(document) {
		return nil, deviation("JSON: not well-formed")
	}
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	return jsonValue(decoder, 0)
}

func jsonValue(decoder *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, deviation("JSON: nested deeper than %d", maxDepth)
	}
	token, err := decoder.Token()
	if err != nil {
		return nil, deviation("JSON: not well-formed")
	}
	switch token {
	case json.Delim('['):
		return jsonList(decoder, depth)
	case json.Delim('{'):
		return jsonObject(decoder, depth)
	default:
		return token, nil
	}
}

func jsonList(decoder *json.Decoder, depth int) (any, error) {
	list := []any{}
	for decoder.More() {
		value, err := jsonValue(decoder, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, value)
	}
	_, err := decoder.Token() // the end, as the whole is valid
	return list, err
}

func jsonObject(decoder *json.Decoder, depth int) (any, error) {
	object := map[string]any{}
	for decoder.More() {
		token, err := decoder.Token()
		name, isName := token.(string)
		if err != nil || !isName {
			return nil, deviation("JSON: not well-formed")
		}
		if _, doubled := object[name]; doubled {
			return nil, deviation("JSON: a name is there twice")
		}
		if object[name], err = jsonValue(decoder, depth+1); err != nil {
			return nil, err
		}
	}
	_, err := decoder.Token() // the end, as the whole is valid
	return object, err
}
