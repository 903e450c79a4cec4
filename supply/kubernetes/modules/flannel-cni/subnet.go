package main

import (
	"bufio"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// subnetFile is what flanneld tells about this node.
type subnetFile struct {
	networks    []netip.Prefix // the pod networks of the whole cluster
	subnets     []netip.Prefix // this node's part of each
	mtu         int
	masquerades bool // flanneld masquerades by itself
}

// readSubnet reads flanneld's environment file: FLANNEL_[IPV6_]NETWORK, FLANNEL_[IPV6_]SUBNET, FLANNEL_MTU, FLANNEL_IPMASQ.
func readSubnet(path string) (*subnetFile, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	read := &subnetFile{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		key, value, found := strings.Cut(strings.TrimSpace(lines.Text()), "=")
		if !found {
			continue
		}
		if err := read.set(key, value); err != nil {
			return nil, fmt.Errorf("%s: %s=%s: %w", path, key, value, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(read.subnets) == 0 || len(read.networks) == 0 || read.mtu == 0 {
		return nil, errors.New(path + " lacks FLANNEL_NETWORK, FLANNEL_SUBNET or FLANNEL_MTU")
	}
	return read, nil
}

func (s *subnetFile) set(key, value string) (err error) {
	switch key {
	case "FLANNEL_NETWORK", "FLANNEL_IPV6_NETWORK":
		s.networks, err = appendPrefixes(s.networks, value)
	case "FLANNEL_SUBNET", "FLANNEL_IPV6_SUBNET":
		s.subnets, err = appendPrefixes(s.subnets, value)
	case "FLANNEL_MTU":
		s.mtu, err = strconv.Atoi(value)
	case "FLANNEL_IPMASQ":
		s.masquerades, err = strconv.ParseBool(value)
	}
	return err
}

// appendPrefixes takes a comma-separated list; an address inside its prefix becomes the prefix itself.
func appendPrefixes(prefixes []netip.Prefix, list string) ([]netip.Prefix, error) {
	for text := range strings.SplitSeq(list, ",") {
		prefix, err := netip.ParsePrefix(strings.TrimSpace(text))
		if err != nil {
			return nil, err
		}
		prefixes = append(prefixes, prefix.Masked())
	}
	return prefixes, nil
}
