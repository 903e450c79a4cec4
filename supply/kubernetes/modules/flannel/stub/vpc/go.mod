module github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/vpc

go 1.24

require github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common v1.3.79

replace github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common => ../common
