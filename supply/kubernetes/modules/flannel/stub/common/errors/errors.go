// Package errors stands in for the Tencent cloud SDK's error type.
package errors

// TencentCloudSDKError is what every call of the stand-in answers with.
type TencentCloudSDKError struct {
	Message string
}

func (e *TencentCloudSDKError) Error() string { return e.Message }
