// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package auditcommand

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nuts-mitz/nuts-mitz/internal/nen7513"
	"github.com/nuts-mitz/nuts-mitz/plugin/internal/report"
)

// verifyCommand is "mitz audit verify": whether the log is as it was written.
func verifyCommand(load report.Load) *cobra.Command {
	read := files{load: load}
	var keys, entries []string
	command := &cobra.Command{
		Use:   "verify",
		Short: "Tells whether the audit file is as it was written, and where it is not",
		Long: "Follows the chain of hashes through the audit file and the files that were rotated away,\n" +
			"and checks the signatures in it. It tells the first thing that is wrong, and ends with an\n" +
			"error then. What this proves and what it does not is in docs/operations.md.",
		RunE: func(command *cobra.Command, _ []string) error {
			expected, err := expectations(keys, entries)
			if err != nil {
				return err
			}
			paths, err := read.paths(command)
			if err != nil {
				return err
			}
			found, err := nen7513.Verify(paths, expected, func(nen7513.Line) error { return nil })
			if err != nil {
				return err
			}
			return tell(command.OutOrStdout(), found, len(keys) > 0)
		},
	}
	read.add(command)
	command.Flags().StringArrayVar(&keys, "key", nil, "Thumbprint of the key that must have signed (audit_key in the node's log). Give several if the key was replaced.")
	command.Flags().StringArrayVar(&entries, "entry", nil, "An entry that must be there, as the node logs it: its number, a colon and its hash. Can be given more than once.")
	return command
}

func expectations(keys, entries []string) (nen7513.Expected, error) {
	expected := nen7513.Expected{Keys: keys}
	for _, key := range keys {
		if len(key) != 43 {
			return nen7513.Expected{}, errors.New("--key: not the thumbprint of a key: 43 letters, digits, - and _")
		}
	}
	for _, entry := range entries {
		place, err := nen7513.ParsePlace(entry)
		if err != nil {
			return nen7513.Expected{}, fmt.Errorf("--entry: %w", err)
		}
		expected.Places = append(expected.Places, place)
	}
	return expected, nil
}

// tell writes what was found. It returns an error when something is wrong.
func tell(out io.Writer, found nen7513.Report, pinned bool) error {
	page := &strings.Builder{}
	fmt.Fprintf(page, "Entries that follow each other: %d", found.Entries)
	if found.Entries > 0 {
		fmt.Fprintf(page, ", from number %d to %d", found.First.Number, found.Last.Number)
	}
	fmt.Fprintf(page, "\nSigned summaries that are right: %d", found.Signatures)
	if found.Signatures > 0 {
		fmt.Fprintf(page, ", the last for entry %d; entries after it: %d", found.Signed.Number, found.Last.Number-found.Signed.Number)
	}
	fmt.Fprintln(page)
	for _, key := range found.Keys {
		fmt.Fprintf(page, "Signed with the key: %s (%s)\n", key, pinnedWords(pinned))
	}
	if found.Earlier > 0 {
		fmt.Fprintf(page, "Signed summaries of entries that are not in these files: %d\n", found.Earlier)
	}
	if found.Unfinished > 0 {
		fmt.Fprintf(page, "Lines that a crash left unfinished, as the entries after them say: %d\n", found.Unfinished)
	}
	if found.Entries > 0 {
		fmt.Fprintf(page, "Last entry: %s\n", found.Last)
		if found.First.Number > 1 {
			fmt.Fprintf(page, "The %d entries before these are not in these files.\n", found.First.Number-1)
		}
	}
	if found.Break == nil {
		page.WriteString("\nNothing is wrong.\n")
		if found.Entries > 0 && found.Signatures == 0 {
			page.WriteString("Nothing is signed yet, either: whoever can write the file could have written all of it anew.\n" +
				"The node signs after an hour, after 1000 entries, and when it stops.\n")
		}
		_, err := io.WriteString(out, page.String())
		return err
	}
	fmt.Fprintf(page, "\nBROKEN  %s\n", breakWords(*found.Break))
	if _, err := io.WriteString(out, page.String()); err != nil {
		return err
	}
	return errors.New("the audit file is not as it was written")
}

func pinnedWords(pinned bool) string {
	if pinned {
		return "pinned"
	}
	return "not pinned: whoever can write the file could have signed with a key of his own; see --key"
}

// faultWords say what is wrong.
var faultWords = map[nen7513.Fault]string{
	nen7513.FaultAltered:   "this entry is not as it was written",
	nen7513.FaultRemoved:   "before this entry, others were removed",
	nen7513.FaultReordered: "before this entry, others are missing that come later: the order was changed, or that of the files",
	nen7513.FaultInserted:  "this entry does not belong here: it was inserted, or others around it were replaced",
	nen7513.FaultNoEntry:   "this line is no whole entry",
	nen7513.FaultNewChain:  "this entry is of another chain: of another node, or of one that lost the end of its chain",
	nen7513.FaultSignature: "the signature in this entry is not right",
	nen7513.FaultKey:       "this entry is signed with another key than the pinned ones",
	nen7513.FaultUnsigned:  "a key is pinned, and nothing is signed",
	nen7513.FaultMissing:   "an entry is not there",
}

func breakWords(found nen7513.Break) string {
	text := faultWords[found.Fault]
	if found.Detail != "" {
		text += ": " + found.Detail
	}
	if found.File == "" {
		return text
	}
	return fmt.Sprintf("%s, line %d: %s", found.File, found.Line, text)
}

// keyCommand is "mitz audit key": which keys signed.
func keyCommand(load report.Load) *cobra.Command {
	read := files{load: load}
	command := &cobra.Command{
		Use:   "key",
		Short: "Prints the thumbprints of the keys with which the audit file is signed",
		Long: "Prints the thumbprint (RFC 7638, SHA-256) of every key that signed the audit file, for\n" +
			"'mitz audit verify --key'. Compare it once with what the node itself says: audit_key in the\n" +
			"line of its log at the start.",
		RunE: func(command *cobra.Command, _ []string) error {
			paths, err := read.paths(command)
			if err != nil {
				return err
			}
			found, err := nen7513.Verify(paths, nen7513.Expected{}, func(nen7513.Line) error { return nil })
			switch {
			case err != nil:
				return err
			case found.Break != nil:
				return fmt.Errorf("the audit file is not as it was written: %s", breakWords(*found.Break))
			case len(found.Keys) == 0:
				return errors.New("nothing is signed yet")
			}
			_, err = io.WriteString(command.OutOrStdout(), strings.Join(found.Keys, "\n")+"\n")
			return err
		},
	}
	read.add(command)
	return command
}
