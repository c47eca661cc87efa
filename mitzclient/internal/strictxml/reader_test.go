// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package strictxml

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// update rewrites the files under testdata from the recipes in the tests.
var update = flag.Bool("update", false, "rewrite testdata")

func TestADocumentIsReadAsItIsWritten(t *testing.T) {
	want := []string{
		"{urn:a}list",
		"{urn:a}entry {urn:b}kind=x {}code=V6",
		"{urn:b}text Permit",
		"{urn:a}void",
		"{urn:a}entry {http://www.w3.org/XML/1998/namespace}lang=nl",
		"{urn:a}name {urn:c}Sender",
		"{urn:a}skipped",
	}
	for name, document := range map[string]string{
		"plain":                           document,
		"with a byte order mark":          "\uFEFF" + document,
		"without a declaration":           strings.TrimPrefix(document, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"),
		"with a declaration of all parts": strings.Replace(document, `"UTF-8"`, `'utf-8' standalone="yes" `, 1),
	} {
		t.Run(name, func(t *testing.T) {
			lines, refusal := outline(new(Reader), document)
			require.Empty(t, refusal)
			require.Equal(t, want, lines)
		})
	}
}

func TestXMLAttributesAreFoundByTheirName(t *testing.T) {
	var r Reader
	require.True(t, r.Open([]byte(`<a xmlns:b="urn:b" code="1" b:code="2" b:kind=""/>`)))
	require.True(t, r.Is("", "a"))
	require.True(t, r.HasAttributes())
	plain, present := r.Attribute("code")
	require.True(t, present)
	require.Equal(t, "1", plain)
	qualified, present := r.AttributeOf("urn:b", "code")
	require.True(t, present)
	require.Equal(t, "2", qualified)
	_, present = r.Attribute("kind")
	require.False(t, present, "it is of a namespace")
	require.Empty(t, r.Refusal())
	require.False(t, r.OnlyAttributes("code", "kind"), "one of a namespace is there")
	require.Empty(t, r.Required("kind"))
	require.Equal(t, MissingAttribute, r.Refusal())
}

func TestTheFirstRefusalStays(t *testing.T) {
	var r Reader
	require.True(t, r.Open([]byte(`<a><b/>`)))
	require.False(t, r.Fail("first"))
	require.False(t, r.Child())
	r.Finish()
	require.EqualValues(t, "first", r.Refusal())
}

// hostile is a document that must be refused, made from a good one by one change.
type hostile struct {
	file     string // in testdata/hostile, without .xml
	old, new string
	code     Code
}

var hostiles = []hostile{
	// What stands around the root.
	{"two_byte_order_marks", `<?xml`, "\uFEFF\uFEFF<?xml", WrongEncoding},
	{"byte_order_mark_of_the_other_order", `<?xml`, "\uFFFE<?xml", WrongEncoding},
	{"byte_order_mark_after_the_declaration", "?>", "?>\uFEFF", WrongEncoding},
	{"byte_order_mark_in_a_text", ">Permit<", ">\uFEFFPermit<", WrongEncoding},
	{"other_charset", `encoding="UTF-8"`, `encoding="ISO-8859-1"`, WrongEncoding},
	{"invalid_utf8", `>any `, ">\xff", WrongEncoding},
	{"control_character", `>any `, ">\x01", WrongEncoding},
	{"noncharacter", `>any `, ">\uFFFE", WrongEncoding},
	{"xml_version_1_1", `version="1.0"`, `version="1.1"`, Malformed},
	{"declaration_not_separated", `"1.0" encoding`, `"1.0"encoding`, Malformed},
	{"declaration_after_a_line", `<?xml`, "\n<?xml", ProcessingInstruction},
	{"doctype", `<list`, `<!DOCTYPE x [<!ENTITY e "Permit">]><list`, Doctype},
	{"processing_instruction", `<void`, `<?php x?><void`, ProcessingInstruction},
	{"second_root", `</list>`, `</list><list/>`, TrailingContent},
	{"text_after_the_root", `</list>`, `</list>x`, TrailingContent},
	{"comment_after_the_root", `</list>`, `</list><!-- -->`, TrailingContent},
	{"end_tag_after_the_root", `</list>`, `</list></list>`, TrailingContent},

	// What stands between elements and in values.
	{"text_between_elements", `<void`, `x<void`, UnexpectedText},
	{"cdata_between_elements", `<void`, `<![CDATA[ ]]><void`, UnexpectedText},
	{"reference_between_elements", `<void`, `&#32;<void`, UnexpectedText},
	{"comment_in_a_text", `>Permit<`, `>De<!-- -->ny<`, UnreadableValue},
	{"cdata_in_a_text", `>Permit<`, `><![CDATA[Permit]]><`, UnreadableValue},
	{"cdata_after_a_text", `>Permit<`, `>Permit<![CDATA[]]><`, UnreadableValue},
	{"reference_in_a_text", `>Permit<`, `>&#80;ermit<`, UnreadableValue},
	{"cdata_end_in_a_text", `>Permit<`, `>Permit]]><`, Malformed},
	{"instruction_in_a_text", `>Permit<`, `>Permit<?x?><`, UnreadableValue},
	{"element_in_a_text", `>Permit<`, `>Permit<Deny/><`, UnreadableValue},
	{"element_in_an_empty_one", `<void/>`, `<void><x/></void>`, UnreadableValue},
	{"text_in_an_empty_one", `<void/>`, `<void>x</void>`, UnexpectedText},
	{"unknown_reference_in_skipped_text", `>any `, `>&e;`, Malformed},
	{"reference_to_no_character", `>any `, `>&#0;`, Malformed},
	{"reference_without_a_hash", `>any `, `>&65;`, Malformed},
	{"cdata_end_in_skipped_text", `>any `, `>]]>`, Malformed},
	{"instruction_in_what_is_skipped", `>any `, `><?x?>`, ProcessingInstruction},
	{"undeclared_prefix_in_what_is_skipped", `>any `, `><x:y/>`, UndeclaredPrefix},
	{"what_counts_hidden_in_what_is_skipped", `>any `, `><x><text>Permit</text></x>`, "hidden"},

	// Tags.
	{"attribute_doubled", `code="V6"`, `code="V6" code="V4"`, DuplicateAttribute},
	{"attribute_doubled_by_namespace", ` code="V6"`, ` xmlns:c="urn:b" c:kind="y"`, DuplicateAttribute},
	{"declaration_doubled", `<void`, `<void xmlns:a="urn:a" xmlns:a="urn:b"`, DuplicateAttribute},
	{"undeclared_prefix_of_an_element", `<void`, `<x:y/><void`, UndeclaredPrefix},
	{"undeclared_prefix_of_an_attribute", `<void`, `<void x:y="z"`, UndeclaredPrefix},
	{"prefix_out_of_scope", `<skipped>`, `<c:x/><skipped>`, UndeclaredPrefix},
	{"prefix_undeclared_again", `<void`, `<void xmlns:a=""`, Malformed},
	{"xml_prefix_redeclared", `<void`, `<void xmlns:xml="urn:x"`, Malformed},
	{"xmlns_prefix_declared", `<void`, `<void xmlns:xmlns="urn:x"`, Malformed},
	{"xml_namespace_bound", `<void`, `<void xmlns:x="http://www.w3.org/XML/1998/namespace"`, Malformed},
	{"xmlns_namespace_bound", `<void`, `<void xmlns:x="http://www.w3.org/2000/xmlns/"`, Malformed},
	{"too_many_namespaces", `<void`, `<void` + many("xmlns:", maxAttributes+1), Malformed},
	{"too_many_attributes", `<void`, `<void` + many("", maxAttributes+1), Malformed},
	{"namespace_written_with_a_reference", `xmlns:b="urn:b"`, `xmlns:b="urn&#58;b"`, Malformed},
	{"name_with_two_colons", `<void`, `<a:b:c/><void`, Malformed},
	{"attribute_without_quotes", `<void`, `<void a=b`, Malformed},
	{"attribute_without_a_value", `<void`, `<void a`, Malformed},
	{"attributes_not_separated", `<void`, `<void a="1"b="2"`, Malformed},
	{"less_than_in_an_attribute", `<void`, `<void a="<"`, Malformed},
	{"unknown_reference_in_an_attribute", `<void`, `<void a="&e;"`, Malformed},
	{"wrong_end_tag", `</entry>`, `</Entry>`, Malformed},
	{"hyphens_in_a_comment", `<!-- two entries -->`, `<!-- -- -->`, Malformed},
	{"not_ended", "</list>\n", ``, Malformed},
	{"comment_not_ended", "</list>\n", `<!-- `, Malformed},
	{"nested_65_deep", `<void/>`, strings.Repeat(`<x>`, maxDepth-1) + strings.Repeat(`</x>`, maxDepth-1), TooDeep},
}

// many returns n XML attributes or namespace declarations.
func many(prefix string, n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(" " + prefix + "a" + strings.Repeat("x", i) + `="urn:a"`)
	}
	return b.String()
}

func TestHostileDocumentsAreRefused(t *testing.T) {
	for _, tt := range hostiles {
		t.Run(strings.ReplaceAll(tt.file, "_", " "), func(t *testing.T) {
			require.Contains(t, document, tt.old)
			message := strings.ReplaceAll(document, tt.old, tt.new)
			path := filepath.Join("testdata", "hostile", tt.file+".xml")
			if *update {
				require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
				require.NoError(t, os.WriteFile(path, []byte(message), 0o644))
			}
			kept, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, string(kept), message)
			_, refusal := outline(new(Reader), message)
			require.Equal(t, tt.code, refusal)
		})
	}
}

func TestWhatIsNoDocumentIsRefused(t *testing.T) {
	for _, tt := range []struct {
		name, document string
		code           Code
	}{
		{"nothing", "", Malformed},
		{"text", "hello", UnexpectedText},
		{"a byte order mark alone", "\uFEFF", Malformed},
		{"an end tag", "</a>", Malformed},
		{"a lone angle", "<", Malformed},
		{"a declaration alone", `<?xml version="1.0"?>`, Malformed},
		{"a declaration without a version", `<?xml encoding="utf-8"?><a/>`, Malformed},
		{"a declaration that says nothing", `<?xml ?><a/>`, Malformed},
		{"a declaration not ended", `<?xml version="1.0"`, Malformed},
		{"a quote not ended", `<a b="`, Malformed},
		{"more than a mebibyte", "<a>" + strings.Repeat(" ", MaxSize) + "</a>", Oversized},
		{"a mebibyte exactly is looked at", "<a>" + strings.Repeat(" ", MaxSize-3), Malformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, refusal := outline(new(Reader), tt.document)
			require.Equal(t, tt.code, refusal)
		})
	}
}

func TestEveryCodeHasItsText(t *testing.T) {
	seen := map[string]Code{}
	for code, text := range texts {
		require.NotEmpty(t, text)
		require.Regexp(t, "^[a-z]+(_[a-z]+)*$", string(code))
		require.Empty(t, seen[text], "the same text twice")
		seen[text] = code
	}
}

func TestWhatIsEscapedReadsTheSame(t *testing.T) {
	for text, want := range map[string]string{
		"plain":                  "plain",
		"a & b < \"c\" '":        "a & b < \"c\" '",
		"\t\r\n\u00e9\U0001F600": "\t\r\n\u00e9\U0001F600",
		"\x01\xff\uFFFE":         "\uFFFD\uFFFD\uFFFD",
	} {
		escaped := string(AppendEscaped(nil, text))
		lines, err := outlineAgain("<text a=\"" + escaped + "\">" + escaped + "</text>")
		require.NoError(t, err)
		require.Equal(t, []string{"{}text {}a=" + want + " " + want}, lines)
	}
}

func TestOnlyTheseXMLAttributes(t *testing.T) {
	var r Reader
	require.True(t, r.Open([]byte(`<a xmlns:b="urn:b" code="1" kind="2"/>`)))
	require.True(t, r.OnlyAttributes("kind", "more", "code"))
	require.False(t, r.OnlyAttributes("code"))
	require.False(t, r.OnlyAttributes())
}
