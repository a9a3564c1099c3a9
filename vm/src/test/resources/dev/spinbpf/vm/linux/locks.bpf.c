// Locks: what taking them answers, and what is left behind; interrupt and preemption state; dynamic pointers; packets.
#include "kernel.h"

struct guarded {
	struct bpf_res_spin_lock lock;
	__u32 count;
	long result;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct guarded);
} values SEC(".maps");

private(A) struct bpf_res_spin_lock a;
private(C) struct bpf_res_spin_lock c;
private(S) struct bpf_spin_lock spin;

SEC("tc") int lock_and_unlock(struct __sk_buff *skb)
{
	unsigned long flags;
	int result;
	BEGIN;

	result = bpf_res_spin_lock(&a);
	REC(result);
	if (!result) {
		int inner = bpf_res_spin_lock(&c);

		REC(inner);
		if (!inner)
			bpf_res_spin_unlock(&c);
		bpf_res_spin_unlock(&a);
	}
	result = bpf_res_spin_lock_irqsave(&a, &flags);
	REC(result);
	if (!result)
		bpf_res_spin_unlock_irqrestore(&a, &flags);
	bpf_spin_lock(&spin);
	out[10]++;
	bpf_spin_unlock(&spin);
	DONE;
}

// The same lock by two pointers: the verifier cannot tell, the lock can.
SEC("tc") int lock_twice(struct __sk_buff *skb)
{
	struct guarded value = {}, *first, *second;
	__u32 key = 1;
	int result;
	BEGIN;

	bpf_map_update_elem(&values, &key, &value, BPF_ANY);
	first = bpf_map_lookup_elem(&values, &key);
	second = bpf_map_lookup_elem(&values, &key);
	if (!first || !second)
		return -1;
	result = bpf_res_spin_lock(&first->lock);
	REC(result);
	if (result)
		DONE;
	first->count++;
	result = bpf_res_spin_lock(&second->lock);
	out[5] = result;
	if (!result)
		bpf_res_spin_unlock(&second->lock);
	bpf_res_spin_unlock(&first->lock);
	result = bpf_res_spin_lock(&second->lock);
	out[6] = result;
	if (!result) {
		second->result = 17;
		bpf_res_spin_unlock(&second->lock);
	}
	DONE;
}

SEC("tc") int map_operations_around_locks(struct __sk_buff *skb)
{
	struct guarded value = { .count = 3, .result = 4 }, *found;
	__u32 key = 2;
	BEGIN;

	value.lock.val = 99;
	REC(bpf_map_update_elem(&values, &key, &value, BPF_NOEXIST));
	REC(bpf_map_update_elem(&values, &key, &value, BPF_F_LOCK));
	found = bpf_map_lookup_elem(&values, &key);
	if (!found)
		return -1;
	int result = bpf_res_spin_lock(&found->lock);
	REC(result);
	if (result)
		DONE;
	found->count = 30;
	bpf_res_spin_unlock(&found->lock);
	REC(bpf_map_delete_elem(&values, &key));
	REC(bpf_map_lookup_elem(&values, &key) != NULL);
	DONE;
}

SEC("tc") int interrupts_and_preemption(struct __sk_buff *skb)
{
	unsigned long outer, inner;
	BEGIN;

	bpf_local_irq_save(&outer);
	out[10]++;
	bpf_local_irq_save(&inner);
	out[10]++;
	bpf_local_irq_restore(&inner);
	bpf_local_irq_restore(&outer);
	bpf_preempt_disable();
	bpf_preempt_disable();
	out[11]++;
	bpf_preempt_enable();
	bpf_preempt_enable();
	bpf_rcu_read_lock();
	out[12]++;
	bpf_rcu_read_unlock();
	REC(bpf_get_smp_processor_id());
	REC(bpf_ktime_get_ns() > 0);
	REC(bpf_jiffies64() > 0);
	REC(bpf_get_current_pid_tgid() != 0);
	DONE;
}

char memory[32] = "0123456789abcdefghijklmnopqrstu";

SEC("tc") int memory_pointers(struct __sk_buff *skb)
{
	struct bpf_dynptr pointer, clone;
	char bytes[8] = {}, *slice;
	BEGIN;

	REC(bpf_dynptr_from_mem(memory, sizeof(memory), 0, &pointer));
	REC(bpf_dynptr_size(&pointer));
	REC(bpf_dynptr_is_null(&pointer));
	REC(bpf_dynptr_is_rdonly(&pointer));
	REC(bpf_dynptr_read(bytes, 4, &pointer, 10, 0));
	REC(bytes[0]);
	REC(bpf_dynptr_read(bytes, 4, &pointer, 29, 0));
	REC(bpf_dynptr_read(bytes, 4, &pointer, 0, 1));
	REC(bpf_dynptr_write(&pointer, 1, "WRITE", 5, 0));
	REC(bpf_dynptr_adjust(&pointer, 2, 20));
	REC(bpf_dynptr_size(&pointer));
	REC(bpf_dynptr_adjust(&pointer, 3, 19));
	REC(bpf_dynptr_adjust(&pointer, 4, 3));
	slice = bpf_dynptr_slice(&pointer, 0, NULL, 4);
	REC(slice ? slice[0] : -1);
	REC(bpf_dynptr_clone(&pointer, &clone));
	REC(bpf_dynptr_adjust(&clone, 4, 10));
	slice = bpf_dynptr_slice_rdwr(&clone, 2, NULL, 4);
	if (slice)
		slice[3] = '#';
	REC(bpf_dynptr_slice(&clone, 3, NULL, 4) != NULL);
	REC(bpf_dynptr_data(&clone, 0, 6) != NULL);
	REC(bpf_dynptr_memset(&clone, 0, 2, '*'));
	REC(bpf_dynptr_memset(&clone, 5, 2, '*'));
	REC(bpf_dynptr_copy(&pointer, 10, &clone, 0, 6));
	REC(bpf_dynptr_copy(&pointer, 14, &clone, 0, 6));
	REC(bpf_dynptr_from_mem(memory, sizeof(memory), 1, &pointer));
	REC(bpf_dynptr_is_null(&pointer));
	REC((int)bpf_dynptr_size(&pointer));
	REC(bpf_dynptr_clone(&pointer, &clone));
	REC(bpf_dynptr_adjust(&pointer, 0, 0));
	DONE;
}

SEC("tc") int packet_pointers(struct __sk_buff *skb)
{
	struct bpf_dynptr pointer;
	char bytes[8] = {}, *slice;
	BEGIN;

	REC(bpf_dynptr_from_skb(skb, 1, &pointer));
	REC(bpf_dynptr_from_skb(skb, 0, &pointer));
	REC(bpf_dynptr_size(&pointer));
	REC(bpf_dynptr_is_rdonly(&pointer));
	REC(bpf_dynptr_write(&pointer, 20, "packet", 6, 0));
	REC(bpf_dynptr_read(bytes, 8, &pointer, 18, 0));
	REC(*(__u64 *)bytes);
	REC(bpf_dynptr_read(bytes, 8, &pointer, 60, 0));
	slice = bpf_dynptr_slice(&pointer, 20, bytes, 6);
	REC(slice ? slice[1] : -1);
	slice = bpf_dynptr_slice_rdwr(&pointer, 40, bytes, 8);
	REC(slice == bytes);
	REC(bpf_dynptr_data(&pointer, 0, 4) != NULL);
	DONE;
}

SEC("xdp") int xdp_pointers(struct xdp_md *xdp)
{
	struct bpf_dynptr pointer;
	char bytes[8] = {}, *slice;
	BEGIN;

	REC(bpf_dynptr_from_xdp(xdp, 0, &pointer));
	REC(bpf_dynptr_size(&pointer));
	REC(bpf_dynptr_write(&pointer, 20, "packet", 6, 1));
	REC(bpf_dynptr_write(&pointer, 20, "packet", 6, 0));
	slice = bpf_dynptr_slice(&pointer, 20, bytes, 6);
	REC(slice ? slice[1] : -1);
	REC(bpf_dynptr_read(bytes, 8, &pointer, 57, 0));
	DONE;
}

SEC("tc") int packet_bytes(struct __sk_buff *skb)
{
	char bytes[8] = "payload";
	BEGIN;

	REC(skb->len);
	REC(bpf_skb_store_bytes(skb, 30, bytes, 8, 0));
	REC(bpf_skb_store_bytes(skb, 60, bytes, 8, 0));
	REC(bpf_skb_store_bytes(skb, 30, bytes, 8, 0x100));
	REC(bpf_skb_load_bytes(skb, 31, bytes, 4));
	REC(*(__u32 *)bytes);
	REC(bpf_skb_load_bytes(skb, 62, bytes, 4));
	REC(*(__u32 *)bytes);
	REC(bpf_skb_load_bytes(skb, 70000, bytes, 4));
	skb->mark = 9;
	skb->cb[2] = 7;
	REC(skb->mark + skb->cb[2]);
	REC(skb->protocol);
	DONE;
}

SEC("xdp") int xdp_room(struct xdp_md *xdp)
{
	BEGIN;

	REC(xdp->data_end - xdp->data);
	REC(bpf_xdp_adjust_head(xdp, 10));
	REC(xdp->data_end - xdp->data);
	REC(bpf_xdp_adjust_head(xdp, -30));
	REC(xdp->data_end - xdp->data);
	REC(bpf_xdp_adjust_head(xdp, -1000));
	REC(bpf_xdp_adjust_head(xdp, 80));
	REC(bpf_xdp_adjust_meta(xdp, -8));
	REC(xdp->data - xdp->data_meta);
	REC(bpf_xdp_adjust_meta(xdp, -3));
	REC(bpf_xdp_adjust_tail(xdp, -20));
	REC(xdp->data_end - xdp->data);
	REC(bpf_xdp_adjust_tail(xdp, -100));
	REC(bpf_xdp_adjust_tail(xdp, 16));
	REC(xdp->data_end - xdp->data);
	DONE;
}

__u32 from[4] = { 0x01020304, 0x05060708, 0xffffffff, 1 }, to[4] = { 0x11121314, 0x80000000, 0xfffffffe, 5 };

SEC("tc") int checksums(struct __sk_buff *skb)
{
	BEGIN;

	REC(bpf_csum_diff(from, 16, to, 16, 0));
	REC(bpf_csum_diff(from, 8, to, 4, 77));
	REC(bpf_csum_diff(NULL, 0, to, 16, 0));
	REC(bpf_csum_diff(from, 16, NULL, 0, 0));
	REC(bpf_csum_diff(from, 16, from, 16, 0));
	DONE;
}
