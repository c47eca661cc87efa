// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package mitztest

import (
	"encoding/xml"
	"strings"
)

// readHeader reads the four WS-Addressing headers (WS-Addressing 1.0 core, section
// 3.2), each there once. SOAP gives their order no meaning.
func readHeader(header *element, to string) (messageID string, err error) {
	if err := header.onlyElements(); err != nil {
		return "", err
	}
	found := map[string]*element{}
	for _, block := range header.children {
		name := block.name.Local
		known := block.name.Space == namespaceAddressing && strings.Contains(" Action MessageID To ReplyTo ", " "+name+" ")
		if !known || found[name] != nil {
			return "", deviation("Envelope/Header: must hold Action, MessageID, To and ReplyTo (%s) once, and nothing else", namespaceAddressing)
		}
		block.place = "Envelope/Header/" + name
		found[name] = block
	}
	if len(found) != 4 {
		return "", deviation("Envelope/Header: must hold Action, MessageID, To and ReplyTo (%s)", namespaceAddressing)
	}
	if err := checkAction(found["Action"]); err != nil {
		return "", err
	}
	if err := checkAddresses(found["To"], found["ReplyTo"], to); err != nil {
		return "", err
	}
	return readMessageID(found["MessageID"])
}

// checkAction checks the action, which a receiver must understand (SOAP 1.2 part
// 1, section 5.2.3: an xs:boolean).
func checkAction(e *element) error {
	marks, err := e.carries(xml.Name{Space: namespaceSOAP, Local: "mustUnderstand"})
	if err != nil {
		return err
	}
	if marks[0] != "true" && marks[0] != "1" {
		return deviation("%s: mustUnderstand must be true", e.place)
	}
	return e.says(actionQuery)
}

func checkAddresses(to, replyTo *element, url string) error {
	if _, err := to.carries(); err != nil {
		return err
	}
	if err := to.says(url); err != nil {
		return err
	}
	if _, err := replyTo.carries(); err != nil {
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
	if _, err := e.carries(); err != nil {
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
