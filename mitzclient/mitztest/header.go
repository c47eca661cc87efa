// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"encoding/xml"
	"slices"
	"strings"
)

// addressingHeaders are the WS-Addressing headers of a query (WS-Addressing 1.0 core,
// section 3.2).
var addressingHeaders = []string{"Action", "MessageID", "To", "ReplyTo"}

var mustUnderstandName = xml.Name{Space: namespaceSOAP, Local: "mustUnderstand"}

// errNotUnderstood is for a header block that must be understood and is not known.
var errNotUnderstood = deviation("Envelope/Header: holds another header with mustUnderstand than Action, MessageID, To and ReplyTo (%s)", namespaceAddressing)

// addressing is what the WS-Addressing headers of a query must say.
type addressing struct {
	action, to string
	// known is asked about each header block that is not one of WS-Addressing: whether it is
	// understood. Nil: none is.
	known func(*element) bool
	// marked are those, besides Action, that must be marked mustUnderstand.
	marked []string
}

// readHeader reads the four WS-Addressing headers, each there once. SOAP gives their
// order no meaning, and has header blocks of others passed over unless they must be
// understood (SOAP 1.2 part 1, section 2.4).
func (a addressing) readHeader(header *element) (messageID string, err error) {
	if err := header.onlyElements(); err != nil {
		return "", err
	}
	found := map[string]*element{}
	for _, block := range header.children {
		name := block.name.Local
		block.place = "Envelope/Header/" + name
		if block.name.Space != namespaceAddressing || !slices.Contains(addressingHeaders, name) {
			if a.known != nil && a.known(block) {
				continue
			}
			if err := passOver(block); err != nil {
				return "", err
			}
			continue
		}
		if found[name] != nil {
			return "", deviation("Envelope/Header: must hold Action, MessageID, To and ReplyTo (%s) once", namespaceAddressing)
		}
		found[name] = block
	}
	if len(found) != len(addressingHeaders) {
		return "", deviation("Envelope/Header: must hold Action, MessageID, To and ReplyTo (%s)", namespaceAddressing)
	}
	if err := checkAction(found["Action"], a.action); err != nil {
		return "", err
	}
	if err := checkAddresses(found["To"], found["ReplyTo"], a.to); err != nil {
		return "", err
	}
	for _, name := range a.marked {
		if err := mustBeUnderstood(found[name]); err != nil {
			return "", err
		}
	}
	return readMessageID(found["MessageID"])
}

// passOver leaves out a header block that is not known, unless it must be understood.
func passOver(block *element) error {
	block.place = "Envelope/Header, another header"
	must, err := mustUnderstand(block)
	if err == nil && must {
		err = errNotUnderstood
	}
	return err
}

// mustUnderstand reads an xs:boolean that may be absent (SOAP 1.2 part 1, section 5.2.3).
func mustUnderstand(block *element) (bool, error) {
	switch value, there := block.attributes[mustUnderstandName]; {
	case !there || value == "false" || value == "0":
		return false, nil
	case value == "true" || value == "1":
		return true, nil
	default:
		return false, deviation("%s: mustUnderstand must be true or false", block.place)
	}
}

// carriesAtMostMustUnderstand checks the attributes of a header that is understood. Some
// SOAP libraries mark more than Action.
func carriesAtMostMustUnderstand(block *element) error {
	if _, err := mustUnderstand(block); err != nil {
		return err
	}
	if _, there := block.attributes[mustUnderstandName]; there {
		_, err := block.carries(mustUnderstandName)
		return err
	}
	_, err := block.carries()
	return err
}

// checkAction checks the action, the one header that the documentation has marked.
func checkAction(e *element, action string) error {
	if _, err := e.carries(mustUnderstandName); err != nil {
		return err
	}
	if err := mustBeUnderstood(e); err != nil {
		return err
	}
	return e.says(action)
}

func mustBeUnderstood(e *element) error {
	must, err := mustUnderstand(e)
	if err == nil && !must {
		err = deviation("%s: mustUnderstand must be true", e.place)
	}
	return err
}

func checkAddresses(to, replyTo *element, url string) error {
	if err := carriesAtMostMustUnderstand(to); err != nil {
		return err
	}
	if err := to.says(url); err != nil {
		return err
	}
	if err := carriesAtMostMustUnderstand(replyTo); err != nil {
		return err
	}
	addresses, err := replyTo.holds(xml.Name{Space: namespaceAddressing, Local: "Address"})
	if err != nil {
		return err
	}
	if _, err := addresses[0].carries(); err != nil {
		return err
	}
	return addresses[0].says(anonymous)
}

func readMessageID(e *element) (string, error) {
	if err := carriesAtMostMustUnderstand(e); err != nil {
		return "", err
	}
	text, err := e.content()
	if err != nil {
		return "", err
	}
	if uuid, found := strings.CutPrefix(text, "urn:uuid:"); !found || !uuidShape.MatchString(uuid) {
		return "", deviation("%s: must be urn:uuid: and a uuid", e.place)
	}
	return text, nil
}
