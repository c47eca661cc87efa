// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package explain

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/mitzclient"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/redact"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/report"
)

// questions writes what Mitz would be asked for each sample, and the message on request.
func (p *page) questions(explanation policy.Explanation) {
	p.Section("What Mitz would be asked, for a made-up requester")
	if p.messages {
		p.Paragraph(2, "[BSN] stands for the patient's number, and the message's id is another one every time. "+
			"Spaces were added to make it readable.")
	} else {
		p.Paragraph(2, "[BSN] stands for the patient's number. With --message the message is shown too.")
	}
	for _, sample := range explanation.Samples {
		fmt.Fprintln(p)
		p.Paragraph(2, "At data holder "+sample.Subject+":")
		p.Paragraph(4, report.Question(sample.Question))
		if !p.messages {
			continue
		}
		fmt.Fprintln(p)
		message, err := mitzclient.ClosedQueryMessage(p.cfg.Endpoint, sample.RequestID, sample.Question)
		if err != nil {
			// Cannot happen: the configuration is valid.
			p.Paragraph(4, "no question: "+err.Error())
			continue
		}
		p.message(4, redact.Numbers(string(message)))
	}
	if dataHolders, _ := p.cfg.Policy.Lists().Len(); dataHolders > len(explanation.Samples) {
		fmt.Fprintln(p)
		p.Paragraph(2, fmt.Sprintf("At the other %d data holders likewise.", dataHolders-len(explanation.Samples)))
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
		p.Hanging(strings.Repeat(" ", indent+depth), indent+depth+3, line)
		if opens {
			depth++
		}
	}
}
