// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package pdpserver

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/internal/textfile"
)

// Bounds of a file of tokens.
const (
	maxTokensSize = 256 << 10 // in bytes
	minToken      = 8         // letters of a token
	maxToken      = 4 << 10
	// goodLength is how long a token is that nobody guesses, whatever letters it is of.
	goodLength = 32
)

// tokenShape is a bearer token (RFC 6750 section 2.1).
var tokenShape = regexp.MustCompile(`^[A-Za-z0-9._~+/-]+=*$`)

// tokens are the clients' bearer tokens. They are kept and compared as digests: the time that
// takes does not tell how much of one is right.
type tokens struct {
	digests [][sha256.Size]byte
	short   int // the line of one that could be guessed; 0: there is none
}

// readTokens reads a file with a token on each line. Lines that are empty or begin with # are
// comments, such as whose the next is. The errors repeat nothing of the file.
func readTokens(path string) (*tokens, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxTokensSize {
		return nil, fmt.Errorf("not a file of at most %d KB", maxTokensSize>>10)
	}
	if err := textfile.CheckSecret(info); err != nil {
		return nil, err
	}
	content, err := textfile.Read(path)
	if err != nil {
		return nil, err
	}
	return parseTokens(content)
}

func parseTokens(content []byte) (*tokens, error) {
	read := &tokens{}
	lines := bufio.NewScanner(bytes.NewReader(content))
	lines.Buffer(nil, maxTokensSize+1)
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimSpace(lines.Text())
		digest := sha256.Sum256([]byte(line))
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
			continue
		case !tokenShape.MatchString(line) || len(line) > maxToken:
			return nil, fmt.Errorf("line %d is no bearer token: letters, digits and -._~+/ alone, without 'Bearer' before it", number)
		case len(line) < minToken:
			return nil, fmt.Errorf("line %d: a token of fewer than %d letters can be guessed: make one with 'openssl rand -hex 32'", number, minToken)
		case slices.Contains(read.digests, digest):
			return nil, fmt.Errorf("line %d is there twice", number)
		case len(line) < goodLength && read.short == 0:
			read.short = number
		}
		read.digests = append(read.digests, digest)
	}
	if err := lines.Err(); err != nil {
		return nil, errors.New("a line is too long")
	}
	if len(read.digests) == 0 {
		return nil, errors.New("there is no token in it, so nobody could ask: make one with 'openssl rand -hex 32'")
	}
	return read, nil
}

// has reports whether a request has one of the tokens (RFC 6750 section 2.1), and whether it has
// any.
func (t *tokens) has(r *http.Request) (known, sent bool) {
	values := r.Header.Values("Authorization")
	if len(values) == 0 {
		return false, false
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if len(values) > 1 || !strings.EqualFold(scheme, "Bearer") || len(token) > maxToken {
		return false, true
	}
	digest, found := sha256.Sum256([]byte(strings.TrimLeft(token, " "))), 0
	for i := range t.digests {
		found |= subtle.ConstantTimeCompare(digest[:], t.digests[i][:])
	}
	return found == 1, true
}
