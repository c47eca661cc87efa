// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package soap

// Namespaces of an envelope.
const (
	Namespace           = "http://www.w3.org/2003/05/soap-envelope"
	NamespaceAddressing = "http://www.w3.org/2005/08/addressing"
)

// WS-Addressing values (Web Services Addressing 1.0, Core, section 2.1 and 3.2).
const (
	AddressAnonymous  = NamespaceAddressing + "/anonymous"
	RelationshipReply = NamespaceAddressing + "/reply"
)

// URNUUID comes before a uuid in a message id (RFC 9562, section 4).
const URNUUID = "urn:uuid:"
