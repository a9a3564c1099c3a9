// Maps of maps and ring buffers.
#include "kernel.h"

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} first SEC(".maps"), second SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 3);
	__type(key, __u32);
	__array(values, struct inner);
} by_index SEC(".maps") = { .values = { [0] = &first, [2] = &second } };

struct inner_hash {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
} small SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, __u32);
	__array(values, struct inner_hash);
} by_key SEC(".maps") = { .values = { [3] = &small } };

SEC("tc") int array_of_maps(struct __sk_buff *skb)
{
	__u32 at = 1;
	__u64 value = 21;
	__u64 *found;
	void *map;
	BEGIN;

	EACH(at, 0, 5) {
		__u32 key = 1;

		map = bpf_map_lookup_elem(&by_index, &at);
		REC(map != NULL);
		if (map)
			REC(bpf_map_update_elem(map, &key, &value, BPF_ANY));
		value++;
	}
	at = 2;
	map = bpf_map_lookup_elem(&by_index, &at);
	if (!map)
		return -1;
	at = 1;
	found = bpf_map_lookup_elem(map, &at);
	REC(found ? *found : -1);
	at = 2;
	REC(bpf_map_lookup_elem(map, &at) != NULL);
	DONE;
}

SEC("tc") int hash_of_maps(struct __sk_buff *skb)
{
	__u32 at = 2, value = 9;
	void *map;
	BEGIN;

	map = bpf_map_lookup_elem(&by_key, &at);
	REC(map != NULL);
	at = 3;
	map = bpf_map_lookup_elem(&by_key, &at);
	if (!map)
		return -1;
	EACH(at, 10, 14)
		REC(bpf_map_update_elem(map, &at, &value, BPF_NOEXIST));
	at = 10;
	REC(bpf_map_delete_elem(map, &at));
	REC(bpf_map_delete_elem(map, &at));
	DONE;
}

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

SEC("tc") int ring_records(struct __sk_buff *skb)
{
	__u64 *record;
	BEGIN;

	REC(bpf_ringbuf_query(&ring, BPF_RB_RING_SIZE));
	REC(bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA));
	record = bpf_ringbuf_reserve(&ring, 16, 0);
	REC(record != NULL);
	REC(bpf_ringbuf_query(&ring, BPF_RB_PROD_POS));
	if (record) {
		record[0] = 1;
		bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	}
	record = bpf_ringbuf_reserve(&ring, 24, 0);
	if (record)
		bpf_ringbuf_discard(record, BPF_RB_FORCE_WAKEUP);
	REC(bpf_ringbuf_query(&ring, BPF_RB_PROD_POS));
	REC(bpf_ringbuf_query(&ring, BPF_RB_CONS_POS));
	REC(bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA));
	REC(bpf_ringbuf_query(&ring, 9));
	record = bpf_ringbuf_reserve(&ring, 8, 1);
	REC(record != NULL);
	if (record)
		bpf_ringbuf_discard(record, 0);
	DONE;
}

SEC("tc") int ring_output(struct __sk_buff *skb)
{
	char bytes[100] = "record";
	BEGIN;

	REC(bpf_ringbuf_output(&ring, bytes, 7, 0));
	REC(bpf_ringbuf_query(&ring, BPF_RB_PROD_POS));
	REC(bpf_ringbuf_output(&ring, bytes, 8, 4));
	REC(bpf_ringbuf_output(&ring, bytes, 8, BPF_RB_FORCE_WAKEUP));
	for (int i = 0; i < 40; i++)
		out[20] += bpf_ringbuf_output(&ring, bytes, 100, BPF_RB_NO_WAKEUP);
	REC(bpf_ringbuf_output(&ring, bytes, 100, 0));
	REC(bpf_ringbuf_query(&ring, BPF_RB_PROD_POS));
	REC(bpf_ringbuf_output(&ring, bytes, 1, 0));
	DONE;
}

SEC("tc") int ring_too_large(struct __sk_buff *skb)
{
	void *record;
	BEGIN;

	record = bpf_ringbuf_reserve(&ring, 4096 - 8, 0);
	REC(record != NULL);
	if (record)
		bpf_ringbuf_discard(record, 0);
	record = bpf_ringbuf_reserve(&ring, 4096, 0);
	REC(record != NULL);
	if (record)
		bpf_ringbuf_discard(record, 0);
	record = bpf_ringbuf_reserve(&ring, 1, 0);
	REC(record != NULL);
	if (record)
		bpf_ringbuf_discard(record, 0);
	DONE;
}

SEC("tc") int ring_dynptr(struct __sk_buff *skb)
{
	struct bpf_dynptr pointer;
	__u64 word = 0x1122334455667788, *slice;
	BEGIN;

	REC(bpf_ringbuf_reserve_dynptr(&ring, 64, 0, &pointer));
	REC(bpf_dynptr_write(&pointer, 8, &word, 8, 0));
	REC(bpf_dynptr_write(&pointer, 57, &word, 8, 0));
	REC(bpf_dynptr_write(&pointer, 0, &word, 8, 1));
	slice = bpf_dynptr_data(&pointer, 8, 8);
	REC(slice ? *slice : -1);
	REC(bpf_dynptr_size(&pointer));
	bpf_ringbuf_submit_dynptr(&pointer, 0);
	REC(bpf_ringbuf_reserve_dynptr(&ring, 5000, 0, &pointer));
	bpf_ringbuf_discard_dynptr(&pointer, 0);
	REC(bpf_ringbuf_reserve_dynptr(&ring, 8, 1, &pointer));
	REC(bpf_dynptr_write(&pointer, 0, &word, 8, 0));
	bpf_ringbuf_discard_dynptr(&pointer, 0);
	REC(bpf_ringbuf_query(&ring, BPF_RB_PROD_POS));
	DONE;
}
