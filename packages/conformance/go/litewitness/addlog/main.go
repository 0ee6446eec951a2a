// Command addlog makes logs known to a running litewitness, as its witnessctl does: each begins empty, with one verifier key.
package main

import (
	"crypto/sha256"
	"encoding/base64"
	"log"
	"os"

	"golang.org/x/mod/sumdb/note"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

func main() {
	if len(os.Args) < 3 {
		log.Fatal("usage: addlog DATABASE KEY ...")
	}
	db, err := sqlite.OpenConn(os.Args[1], sqlite.OpenReadWrite)
	if err != nil {
		log.Fatal(err)
	}
	empty := sha256.Sum256(nil)
	for _, key := range os.Args[2:] {
		verifier, err := note.NewVerifier(key)
		if err != nil {
			log.Fatal(err)
		}
		insert(db, "INSERT INTO log (origin, tree_size, tree_hash) VALUES (?, 0, ?)",
			verifier.Name(), base64.StdEncoding.EncodeToString(empty[:]))
		insert(db, "INSERT INTO key (origin, key) VALUES (?, ?)", verifier.Name(), key)
	}
	if err := db.Close(); err != nil {
		log.Fatal(err)
	}
}

func insert(db *sqlite.Conn, statement string, values ...any) {
	if err := sqlitex.Execute(db, statement, &sqlitex.ExecOptions{Args: values}); err != nil {
		log.Fatal(err)
	}
}
