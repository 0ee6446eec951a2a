// Command note-open opens the note on standard input with the verifier keys that are its arguments, prints the text, and on standard
// error who signed. It fails when no key did, or one falsely.
package main

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/mod/sumdb/note"
)

func main() {
	if err := open(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func open(keys []string) error {
	var verifiers []note.Verifier
	for _, key := range keys {
		verifier, err := note.NewVerifier(key)
		if err != nil {
			return err
		}
		verifiers = append(verifiers, verifier)
	}
	bytes, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	opened, err := note.Open(bytes, note.VerifierList(verifiers...))
	if err != nil {
		return err
	}
	for _, signature := range opened.Sigs {
		fmt.Fprintf(os.Stderr, "%s %08x\n", signature.Name, signature.Hash)
	}
	_, err = io.WriteString(os.Stdout, opened.Text)
	return err
}
