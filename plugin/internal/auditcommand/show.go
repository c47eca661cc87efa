// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package auditcommand

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/nuts-mitz/nuts-mitz/consent"
	"github.com/nuts-mitz/nuts-mitz/internal/nen7513"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/report"
)

// maxShown bounds the entries about one patient that are shown.
const maxShown = 100_000

// showCommand is "mitz audit show": what the log says of one patient.
func showCommand(load report.Load) *cobra.Command {
	read := files{load: load}
	var patientFile, format, language string
	var broken bool
	command := &cobra.Command{
		Use:   "show",
		Short: "Shows who asked for one patient's data, as a page for the patient or as FHIR",
		Long: "Reads in the audit file who asked for the data of one patient, when, and how it ended, and\n" +
			"prints a page that the patient can be given (HTML, without the patient's number), or the\n" +
			"entries themselves as a FHIR Bundle. When the file is not as it was written, nothing is\n" +
			"shown, unless --broken is given.",
		RunE: func(command *cobra.Command, _ []string) error {
			words, known := languages[language]
			if !known {
				return errors.New("--language: nl or en")
			}
			if format != "page" && format != "fhir" {
				return errors.New("--format: page or fhir")
			}
			if patientFile == "" {
				return errors.New("--patient-file: missing: a file that holds the BSN of one patient, and nothing else")
			}
			patient, warnings, err := report.ReadBSN(patientFile)
			if err != nil {
				return fmt.Errorf("--patient-file: %w", err)
			}
			for _, warning := range warnings {
				command.PrintErrln(warning)
			}
			paths, err := read.paths(command)
			if err != nil {
				return err
			}
			found, err := find(paths, patient, broken)
			if err != nil {
				return err
			}
			if format == "fhir" {
				return found.writeBundle(command.OutOrStdout())
			}
			return writePage(command.OutOrStdout(), words, found)
		},
	}
	read.add(command)
	command.Flags().StringVar(&patientFile, "patient-file", "", "File holding the BSN of one patient. Needed.")
	command.Flags().StringVar(&format, "format", "page", "page: HTML for the patient; fhir: a Bundle of the AuditEvents.")
	command.Flags().StringVar(&language, "language", "nl", "Language of the page: nl or en.")
	command.Flags().BoolVar(&broken, "broken", false, "Show what can be read of a file that is not as it was written. The page says so.")
	return command
}

// found is what the files say of one patient.
type found struct {
	entries    []nen7513.Entry
	raw        []json.RawMessage
	from, to   time.Time // of the first and the last entry in the files, whomever it is about
	unreadable int       // lines that are no entries
	broken     bool      // the files are not as they were written
}

// find reads the entries about the patient. However large the files are, no more than those
// are kept.
func find(paths []string, patient consent.BSN, broken bool) (*found, error) {
	result := &found{}
	checked, err := nen7513.Verify(paths, nen7513.Expected{}, func(line nen7513.Line) error {
		entry, err := nen7513.Decode(line.Content)
		if err != nil {
			result.unreadable++
			return nil //nolint:nilerr // where no entry after it tells of it, the chain is broken there
		}
		if result.from.IsZero() {
			result.from = entry.Time
		}
		result.to = entry.Time
		if !entry.IsAbout(patient) {
			return nil
		}
		if len(result.entries) == maxShown {
			return fmt.Errorf("there are more than %d entries about this patient: give fewer files", maxShown)
		}
		result.entries = append(result.entries, entry)
		result.raw = append(result.raw, slices.Clone(line.Content))
		return nil
	})
	if err != nil {
		return nil, err
	}
	result.broken = checked.Break != nil || result.unreadable > checked.Unfinished
	switch {
	case broken || !result.broken:
		return result, nil
	case checked.Break == nil:
		return nil, fmt.Errorf("the audit file has lines that are no entries of this software: %d. With --broken, the others are shown all the same", result.unreadable-checked.Unfinished)
	default:
		return nil, fmt.Errorf("the audit file is not as it was written, so that it cannot be relied on: %s. "+
			"See 'mitz audit verify'; with --broken, what can be read is shown all the same", breakWords(*checked.Break))
	}
}

// writeBundle writes the entries as a FHIR R4 Bundle.
func (f *found) writeBundle(out io.Writer) error {
	type entry struct {
		Resource json.RawMessage `json:"resource"`
	}
	bundle := struct {
		ResourceType string  `json:"resourceType"`
		Type         string  `json:"type"`
		Entry        []entry `json:"entry,omitempty"`
	}{ResourceType: "Bundle", Type: "collection"}
	for _, raw := range f.raw {
		bundle.Entry = append(bundle.Entry, entry{raw})
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(bundle)
}
