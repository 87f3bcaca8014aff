//go:build tools

// Package tools keeps the program that is built from this module among its requirements.
package tools

import _ "github.com/coreos/ignition/v2/validate"
