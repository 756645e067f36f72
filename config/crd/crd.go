// Package crd holds the CustomResourceDefinitions as they are installed, for programs that need a kind's defaults and
// rules without a cluster.
package crd

import _ "embed"

// AccessKeySheets is the CustomResourceDefinition of AccessKeySheet, YAML.
//
//go:embed bases/iam.keylease.dev_accesskeysheets.yaml
var AccessKeySheets []byte

// AccessKeyLeases is the CustomResourceDefinition of AccessKeyLease, YAML.
//
//go:embed bases/iam.keylease.dev_accesskeyleases.yaml
var AccessKeyLeases []byte
