// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package definition

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/internal/policy/trust"
)

// The node reads patterns with regexp2 as ECMA-262 does, this check with Go's syntax.
// plainPattern is what both read the same: printable ASCII, punctuation escaped, the
// classes \d, \w and \s, sets without a set inside, counts without leading zeros. Not in
// it, among others, are flags, look-around, named groups, back references, \Q, \x, [[:a:]],
// and [] and [^], which end at once in ECMA-262 but not in Go.
var plainPattern = regexp.MustCompile(`^(?:` + strings.Join([]string{
	`[!-Z^-z|~]`, // all that is printable without [ \ ] { }
	plainEscape,
	`\[(?:\^` + plainMember + `+|` + plainFirst + plainMember + `*)\]`,
	`\{(?:0|[1-9][0-9]{0,2})(?:,(?:0|[1-9][0-9]{0,2})?)?\}`,
}, "|") + `)*$`)

const (
	plainEscape = `\\[.:/%_|()\[\]{}*+?^$\\dDwWsS-]`
	plainMember = `(?:[!-Z^-~]|` + plainEscape + `)`
	plainFirst  = `(?:[!-Z_-~]|` + plainEscape + `)` // not ^, which would negate
)

const (
	maxHeads     = 64 // of a pattern with more, nothing is said
	maxClassSize = 8  // less than \d, which the engines need not read the same
)

// head is one way in which the texts that a pattern matches begin.
type head struct {
	text     string
	anchored bool // at the beginning of the value
	ended    bool // nothing follows: the text is the whole value
	open     bool // what follows is not looked at yet
}

// names tells whether only one named issuer, or those under one prefix of DIDs, begin so.
func (h head) names() bool { return h.ended && trust.IsDID(h.text) || trust.IsPrefix(h.prefix()) }

// prefix is the part that ends at a colon, so that no longer name can begin with it.
func (h head) prefix() string { return h.text[:strings.LastIndex(h.text, ":")+1] }

// provePattern proves that a pattern lets only named issuers pass, whatever comes after
// their names. The error says what stands in the way.
func provePattern(pattern string) error {
	if !plainPattern.MatchString(pattern) || strings.Count(pattern, "(?") != strings.Count(pattern, "(?:") {
		return errors.New("it holds more than letters, escaped punctuation, groups, sets and repetitions, such as a flag")
	}
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return errors.New("it cannot be parsed")
	}
	if parsed.MaxCap() > 1 {
		return errors.New("it has several groups, which the node refuses: write (?:...) for (...)")
	}
	heads := headsOf(parsed)
	if len(heads) == 0 {
		return errors.New("it matches nothing")
	}
	for _, h := range heads {
		switch {
		case !h.anchored:
			return errors.New("it, or one of its alternatives, does not begin with ^, so it matches in the middle of a name")
		case !h.names():
			return fmt.Errorf("all that is certain is that the issuer begins with %q, which is no DID up to its end ($), nor a prefix up to a colon (of a did:x509: with its CA's whole fingerprint and ::)", h.text)
		}
	}
	return nil
}

// headsOf gives every way in which a match of re begins. Where it does not know, it says
// less: a head that is not open tells nothing of what follows.
func headsOf(re *syntax.Regexp) []head {
	switch re.Op {
	case syntax.OpNoMatch:
		return nil
	case syntax.OpEmptyMatch:
		return []head{{open: true}}
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase == 0 {
			return []head{{text: string(re.Rune), open: true}}
		}
	case syntax.OpCharClass:
		return headsOfClass(re.Rune)
	case syntax.OpBeginText:
		return []head{{anchored: true, open: true}}
	case syntax.OpEndText:
		// regexp2 lets a line break follow; no DID, nor a URI, holds one.
		return []head{{ended: true}}
	case syntax.OpCapture:
		return headsOf(re.Sub[0])
	case syntax.OpQuest:
		return append([]head{{open: true}}, headsOf(re.Sub[0])...)
	case syntax.OpPlus:
		return closed(headsOf(re.Sub[0]))
	case syntax.OpRepeat:
		if re.Min > 0 {
			return closed(headsOf(re.Sub[0]))
		}
	case syntax.OpConcat:
		return headsOfConcat(re.Sub)
	case syntax.OpAlternate:
		var heads []head
		for _, sub := range re.Sub {
			heads = append(heads, headsOf(sub)...)
		}
		return heads
	}
	return []head{{}}
}

func headsOfClass(ranges []rune) []head {
	var heads []head
	for i := 0; i+1 < len(ranges); i += 2 {
		if len(heads)+int(ranges[i+1]-ranges[i])+1 > maxClassSize {
			return []head{{}}
		}
		for r := ranges[i]; r <= ranges[i+1]; r++ {
			heads = append(heads, head{text: string(r), open: true})
		}
	}
	return heads
}

func headsOfConcat(subs []*syntax.Regexp) []head {
	heads := []head{{open: true}}
	for _, sub := range subs {
		var longer []head
		tails := headsOf(sub)
		for _, h := range heads {
			if !h.open {
				longer = append(longer, h)
				continue
			}
			for _, tail := range tails {
				longer = append(longer, h.followedBy(tail))
			}
		}
		if len(longer) > maxHeads {
			return closed(heads)
		}
		heads = longer
	}
	return heads
}

func (h head) followedBy(tail head) head {
	return head{
		text:     h.text + tail.text,
		anchored: h.anchored || (h.text == "" && tail.anchored),
		ended:    tail.ended,
		open:     tail.open,
	}
}

// closed are the heads when something unknown follows them.
func closed(heads []head) []head {
	result := make([]head, len(heads))
	for i, h := range heads {
		h.open = false
		result[i] = h
	}
	return result
}
