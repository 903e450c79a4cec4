// Package expr: this file takes the place of queue.go in github.com/google/nftables/expr. It writes "queue" as NFQUEUE of xtables,
// which nftables takes too: kernels that have no queues of nftables' own (CONFIG_NFT_QUEUE) have those.
package expr

import (
	"encoding/binary"
	"errors"

	"github.com/google/nftables/xt"
)

// Queue hands packets to a program. Its values are the kernel's, linux/netfilter/xt_NFQUEUE.h.
type Queue struct {
	Num   uint16
	Total uint16
	Flag  QueueFlag
}

// QueueFlag is what happens beside.
type QueueFlag uint16

// QueueFlagBypass lets packets pass where no program listens.
const QueueFlagBypass QueueFlag = 1

func (e *Queue) target() *Target {
	info := binary.NativeEndian.AppendUint16(nil, e.Num)
	info = binary.NativeEndian.AppendUint16(info, max(e.Total, 1))
	info = binary.NativeEndian.AppendUint16(info, uint16(e.Flag))
	// In multiples of eight bytes.
	unknown := xt.Unknown(append(info, 0, 0))
	return &Target{Name: "NFQUEUE", Rev: 3, Info: &unknown}
}

func (e *Queue) marshal(family byte) ([]byte, error) { return e.target().marshal(family) }

func (e *Queue) marshalData(family byte) ([]byte, error) { return e.target().marshalData(family) }

func (e *Queue) unmarshal(byte, []byte) error {
	return errors.New("rules with a queue are written here, not read")
}
