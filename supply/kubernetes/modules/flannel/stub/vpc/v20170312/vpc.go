// Package v20170312 stands in for the Tencent cloud SDK's VPC client: every call says that it is not built in.
package v20170312

import "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/errors"

var errNotBuiltIn = &errors.TencentCloudSDKError{Message: "this flannel was built without the tencent-vpc backend"}

// Filter selects route tables.
type Filter struct {
	Name   *string
	Values []*string
}

// Route is one entry of a route table.
type Route struct {
	RouteId              *uint64
	DestinationCidrBlock *string
	GatewayType          *string
	GatewayId            *string
	RouteType            *string
	Enabled              *bool
}

// RouteTable is a table with its routes.
type RouteTable struct {
	RouteTableId *string
	RouteSet     []*Route
}

// DescribeRouteTablesRequest asks for route tables.
type DescribeRouteTablesRequest struct {
	Filters []*Filter
}

// DescribeRouteTablesResponse carries the tables.
type DescribeRouteTablesResponse struct {
	Response *struct {
		RouteTableSet []*RouteTable
	}
}

// CreateRoutesRequest adds routes.
type CreateRoutesRequest struct {
	RouteTableId *string
	Routes       []*Route
}

// DeleteRoutesRequest removes routes.
type DeleteRoutesRequest struct {
	RouteTableId *string
	Routes       []*Route
}

// RoutesResponse is the empty answer to a change of routes.
type RoutesResponse struct{}

// Client would speak to the cloud.
type Client struct{}

// NewClientWithSecretId returns a client that refuses every call.
func NewClientWithSecretId(_, _, _ string) (*Client, error) { return &Client{}, nil }

// NewDescribeRouteTablesRequest returns an empty request.
func NewDescribeRouteTablesRequest() *DescribeRouteTablesRequest { return &DescribeRouteTablesRequest{} }

// NewCreateRoutesRequest returns an empty request.
func NewCreateRoutesRequest() *CreateRoutesRequest { return &CreateRoutesRequest{} }

// NewDeleteRoutesRequest returns an empty request.
func NewDeleteRoutesRequest() *DeleteRoutesRequest { return &DeleteRoutesRequest{} }

// DescribeRouteTables refuses.
func (c *Client) DescribeRouteTables(_ *DescribeRouteTablesRequest) (*DescribeRouteTablesResponse, error) {
	return nil, errNotBuiltIn
}

// CreateRoutes refuses.
func (c *Client) CreateRoutes(_ *CreateRoutesRequest) (*RoutesResponse, error) {
	return nil, errNotBuiltIn
}

// DeleteRoutes refuses.
func (c *Client) DeleteRoutes(_ *DeleteRoutesRequest) (*RoutesResponse, error) {
	return nil, errNotBuiltIn
}
