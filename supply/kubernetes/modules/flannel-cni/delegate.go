package main

import (
	"errors"
	"fmt"
	"maps"
)

// delegateConfiguration completes the configured delegate with what flanneld chose for this node.
func delegateConfiguration(conf *configuration, subnet *subnetFile) (map[string]any, error) {
	delegate := maps.Clone(conf.Delegate)
	if delegate == nil {
		delegate = map[string]any{}
	}
	if _, given := delegate["name"]; given {
		return nil, errors.New("'delegate' must not have 'name': it is the network's")
	}
	if _, given := delegate["ipam"]; given {
		if _, isMap := delegate["ipam"].(map[string]any); !isMap {
			return nil, errors.New("'delegate.ipam' must be an object")
		}
	}
	setDefault(delegate, "type", "bridge")
	name, isText := delegate["type"].(string)
	if !isText || name == "" {
		return nil, fmt.Errorf("'delegate.type' is %v, must be a plugin's name", delegate["type"])
	}
	delegate["name"] = conf.Name
	// Whoever masquerades, it must be one of the two only.
	setDefault(delegate, "ipMasq", !subnet.masquerades)
	setDefault(delegate, "mtu", subnet.mtu)
	if name == "bridge" {
		setDefault(delegate, "isGateway", true)
	}
	if conf.CNIVersion != "" {
		delegate["cniVersion"] = conf.CNIVersion
	}
	if len(conf.RuntimeConfig) > 0 {
		delegate["runtimeConfig"] = conf.RuntimeConfig
	}
	delegate["ipam"] = addressManagement(delegate["ipam"], subnet)
	return delegate, nil
}

// addressManagement gives pods addresses of the node's subnets and routes to the whole pod networks.
func addressManagement(configured any, subnet *subnetFile) map[string]any {
	ipam := map[string]any{}
	if given, isMap := configured.(map[string]any); isMap {
		ipam = maps.Clone(given)
	}
	setDefault(ipam, "type", "host-local")
	ranges := [][]map[string]string{}
	for _, prefix := range subnet.subnets {
		ranges = append(ranges, []map[string]string{{"subnet": prefix.String()}})
	}
	routes := []map[string]string{}
	for _, network := range subnet.networks {
		routes = append(routes, map[string]string{"dst": network.String()})
	}
	if given, isList := ipam["routes"].([]any); isList {
		all := make([]any, 0, len(given)+len(routes))
		all = append(all, given...)
		for _, route := range routes {
			all = append(all, route)
		}
		ipam["routes"] = all
	} else {
		ipam["routes"] = routes
	}
	ipam["ranges"] = ranges
	return ipam
}

func setDefault(values map[string]any, key string, value any) {
	if _, given := values[key]; !given {
		values[key] = value
	}
}
