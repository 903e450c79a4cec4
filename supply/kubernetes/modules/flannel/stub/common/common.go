// Package common stands in for the Tencent cloud SDK, which the Go module proxy does not serve.
// flannel's tencent-vpc backend compiles against it; the lab uses vxlan and never calls it.
package common

// StringPtr returns a pointer to s.
func StringPtr(s string) *string { return &s }

// BoolPtr returns a pointer to b.
func BoolPtr(b bool) *bool { return &b }

// StringPtrs returns a pointer to each of the values.
func StringPtrs(values []string) []*string {
	pointers := make([]*string, len(values))
	for i := range values {
		pointers[i] = &values[i]
	}
	return pointers
}
