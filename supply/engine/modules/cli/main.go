//go:build tools

// Package cli names the program that this module builds, so that go.mod and go.sum list all it needs.
package cli

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
