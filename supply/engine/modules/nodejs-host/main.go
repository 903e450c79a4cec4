//go:build tools

// Package host names the program that this module builds, so that go.mod and go.sum list all it needs.
package host

import _ "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs"
