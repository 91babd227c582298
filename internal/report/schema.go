package report

import _ "embed"

// schema describes survey.json, JSON Schema 2020-12.
//
//go:embed schema.json
var schema string

// Schema returns the JSON Schema of survey.json.
func Schema() string { return schema }
