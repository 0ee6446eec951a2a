// Prints the age test vectors of CCTV as JSON: name to content, Base64.
package main

import (
	"encoding/json"
	"io/fs"
	"log"
	"os"

	age "c2sp.org/CCTV/age"
)

func main() {
	vectors := map[string][]byte{}
	err := fs.WalkDir(age.Vectors, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(age.Vectors, path)
		vectors[entry.Name()] = content
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(vectors); err != nil {
		log.Fatal(err)
	}
}
