// Command sigstore-go verifies Sigstore bundles. Each line of standard input is a JSON object of a bundle, a trusted root, and the DER of
// a public key in base64; each line of standard output is "ok", or why the bundle is refused.
package main

import (
	"bufio"
	"crypto"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"
)

type request struct {
	// Bytes, since a bundle may be no JSON.
	Bundle []byte `json:"bundle"`
	Root   []byte `json:"root"`
	Key    []byte `json:"key"`
}

// A key that is valid at any time.
type key struct{ signature.Verifier }

func (key) ValidAtTime(time.Time) bool { return true }

func main() {
	input := bufio.NewReader(os.Stdin)
	for {
		line, err := input.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			panic(err)
		}
		var asked request
		if err := json.Unmarshal(line, &asked); err != nil {
			panic(err)
		}
		answer := "ok"
		if err := check(asked); err != nil {
			answer = "refused: " + strings.ReplaceAll(err.Error(), "\n", " ")
		}
		fmt.Println(answer)
	}
}

func check(asked request) error {
	trusted, err := root.NewTrustedRootFromJSON(asked.Root)
	if err != nil {
		return err
	}
	public, err := x509.ParsePKIXPublicKey(asked.Key)
	if err != nil {
		return err
	}
	keys := root.NewTrustedPublicKeyMaterial(func(string) (root.TimeConstrainedVerifier, error) {
		verifier, err := signature.LoadECDSAVerifier(public.(*ecdsa.PublicKey), crypto.SHA256)
		return key{verifier}, err
	})
	var given bundle.Bundle
	if err := given.UnmarshalJSON(asked.Bundle); err != nil {
		return err
	}
	verifier, err := verify.NewVerifier(root.TrustedMaterialCollection{trusted, keys}, verify.WithTransparencyLog(1), verify.WithSignedTimestamps(1))
	if err != nil {
		return err
	}
	_, err = verifier.Verify(&given, verify.NewPolicy(verify.WithoutArtifactUnsafe(), verify.WithKey()))
	return err
}
