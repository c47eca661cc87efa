// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/config"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/redact"
)

// questions writes what Mitz would be asked for each sample, and the message on request.
func (p *page) questions(checked *config.Config, explanation policy.Explanation) {
	p.section("What Mitz would be asked, for a made-up requester")
	if p.messages {
		p.paragraph(2, "[BSN] stands for the patient's number, and the message's id is another one every time. "+
			"Spaces were added to make it readable.")
	} else {
		p.paragraph(2, "[BSN] stands for the patient's number. With --message the message is shown too.")
	}
	to := mitzclient.ClosedQueryURL(checked.Endpoint)
	for _, sample := range explanation.Samples {
		fmt.Fprintln(p)
		p.paragraph(2, "At data holder "+sample.Subject+":")
		p.paragraph(4, questionWords(sample.Question))
		if !p.messages {
			continue
		}
		fmt.Fprintln(p)
		message, err := mitzclient.ClosedQueryMessage(to, sample.RequestID, sample.Question)
		if err != nil {
			// Cannot happen: the configuration was checked.
			p.paragraph(4, "no question: "+err.Error())
			continue
		}
		p.message(4, redact.Numbers(string(message)))
	}
	if dataHolders, _ := checked.Policy.Lists().Len(); dataHolders > len(explanation.Samples) {
		fmt.Fprintln(p)
		p.paragraph(2, fmt.Sprintf("At the other %d data holders likewise.", dataHolders-len(explanation.Samples)))
	}
}

// element is a tag, or an element with nothing but text, as our own encoder writes it.
var element = regexp.MustCompile(`<[^>/?]+>[^<]+</[^>]+>|<[^>]+>`)

// message writes one of our own messages with an element on each line; a tag that is
// too wide is broken between its attributes, whose values hold no spaces.
func (p *page) message(indent int, message string) {
	depth := 0
	for _, line := range element.FindAllString(message, -1) {
		opens := !strings.HasPrefix(line, "<?") && !strings.HasSuffix(line, "/>") && !strings.Contains(line, "</")
		if strings.HasPrefix(line, "</") {
			depth--
		}
		p.hanging(strings.Repeat(" ", indent+depth), indent+depth+3, line)
		if opens {
			depth++
		}
	}
}

// questionWords is a question in words.
func questionWords(q consent.Question) string {
	var categories []string
	for _, category := range q.Categories {
		categories = append(categories, string(category))
	}
	return fmt.Sprintf("May organisation %s (type %s), for professional %s in role %s, see data of category %s about patient %s "+
		"at organisation %s (type %s), for the purpose %s?",
		q.Requester.URA, q.Requester.FacilityType, q.Requester.Responsible.ID.Extension, q.Requester.Responsible.Role,
		strings.Join(categories, " and "), q.Patient, q.DataHolder.URA, q.DataHolder.FacilityType, q.Purpose)
}
