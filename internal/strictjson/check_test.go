// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package strictjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCheck(t *testing.T) {
	looked := &Object{Members: map[string]*Object{"issuer": nil, "inner": {Members: map[string]*Object{"id": nil}}}}
	many := &strings.Builder{}
	for i := range 40 {
		fmt.Fprintf(many, `"name%d":1,`, i)
	}
	for _, tc := range []struct {
		name, text string
		err        error
	}{
		{"plain JSON", ` { "issuer" : "a\"\\b" , "inner":[{"id":1.5e+3},{"id":null,"ID2":true}] } `, nil},
		{"an empty object, an empty list", `[{},[],{"inner":{}}]`, nil},
		{"a text, a number", `{"x":["{\"issuer\":1,\"issuer\":2}", -1]}`, nil},
		{"a member twice", `{"issuer":"a","issuer":"b"}`, ErrDoubled},
		{"a member twice, far inside", `{"x":[[{"y":{"a":1,"b":2,"a":1}}]]}`, ErrDoubled},
		{"a member twice, once with an escape", `{"issuer":"a","iss\u0075er":"b"}`, ErrDoubled},
		{"names that differ in case", `{"x":{"name":1,"Name":2}}`, ErrDoubled},
		{"names that differ in case as Unicode has it", `{"x":{"ſet":1,"set":2}}`, ErrDoubled},
		{"the same among many", `{` + many.String() + `"NAME7":1}`, ErrDoubled},
		{"many names", `{` + many.String() + `"name":1}`, nil},
		{"the same name in different objects", `{"a":{"x":1},"b":{"x":1},"c":[{"x":1},{"x":1}]}`, nil},
		{"a name that is looked for, in other letters", `{"Issuer":"a"}`, ErrCase},
		{"the same with a long s", `{"iſsuer":"a"}`, ErrCase},
		{"the same with an escape", `{"i\u017fsuer":"a"}`, ErrCase},
		{"the same beneath a list", `{"inner":[{"id":1},{"Id":1}]}`, ErrCase},
		{"the same where it is not looked for", `{"x":{"Issuer":1},"issuer":1}`, nil},
		{"bytes that are not UTF-8", "{\"x\":\"a\xffb\"}", ErrText},
		{"such bytes in a name", "{\"x\xc3\":1}", ErrText},
		{"half a surrogate pair", `{"x":"\ud83d"}`, ErrText},
		{"half a surrogate pair in a name", `{"\udc00":1}`, ErrText},
		{"halves in the wrong order", `{"x":"\udc00\ud83d"}`, ErrText},
		{"a whole surrogate pair", `{"x":"\ud83d\ude00"}`, nil},
		{"the replacement character itself", "{\"x\":\"\ufffd\\ufffd\\uFFFD\"}", nil},
		{"a text where an object is looked for", `{"inner":"{}"}`, ErrShape},
		{"a text in a list where objects are looked for", `{"inner":["x"]}`, ErrShape},
		{"two values", `{} {}`, ErrForm},
		{"two values with a zero byte between", "{}\x00{\"issuer\":\"a\"}", ErrForm},
		{"a zero byte after it", "{} \x00", ErrForm},
		{"an end too early", `{"x":`, ErrForm},
		{"an end within a text", `{"x":"a\`, ErrForm},
		{"no name", `{x:1}`, ErrForm},
		{"a byte order mark", "\xef\xbb\xbf{}", ErrForm},
		{"nested without end", strings.Repeat("[", 100_000), ErrForm},
	} {
		t.Run(tc.name, func(t *testing.T) {
			assert.Equal(t, tc.err, Check([]byte(tc.text), looked))
		})
	}
}

// FuzzCheck compares what passes with Go's reader: it sees each name once, and nothing is
// lost when it writes what it read.
func FuzzCheck(f *testing.F) {
	f.Add([]byte(`{"issuer":"a","x":[{"y":1,"Y":"\ud83d\ude00"}]}`))
	f.Add([]byte(`{"a":"\\\"","b":{"a":null}}`))
	f.Add([]byte(`1E700`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if Check(text, nil) != nil || !json.Valid(text) {
			return
		}
		var value any
		reader := json.NewDecoder(bytes.NewReader(text))
		reader.UseNumber() // one of any size
		require.NoError(t, reader.Decode(&value))
		again, err := json.Marshal(value)
		require.NoError(t, err)
		require.NoError(t, Check(again, nil))
		names := func(text []byte) int { return bytes.Count(text, []byte(`":`)) }
		var compact bytes.Buffer
		require.NoError(t, json.Compact(&compact, text))
		if !bytes.Contains(text, []byte(`\`)) {
			require.Equal(t, names(compact.Bytes()), names(again), "a member was lost")
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	looked := &Object{Members: map[string]*Object{"issuer": nil, "x5c": nil, "credentialSubject": {Members: map[string]*Object{"id": nil}}}}
	text := []byte(`{"issuer":"a","x5c":["` + strings.Repeat("ABCD", 5000) + `"],"credentialSubject":{"id":"x","employee":{"role":"01.015"}}}`)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if Check(text, looked) != nil {
			b.Fatal()
		}
	}
}
