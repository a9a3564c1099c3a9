// Programs that are refused, one mistake each. Compile: ./build
#include "kinds.h"

struct list_node {
	struct bpf_list_node node;
	__u64 value;
};
struct element {
	struct bpf_res_spin_lock lock;
	__u64 count;
};
struct pretended {
	__u32 lock;
	__u64 count;
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct element);
} elements SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct pretended);
} pretenders SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

static struct bpf_res_spin_lock first SEC(".data.first");
static struct bpf_res_spin_lock second SEC(".data.second");
static struct bpf_res_spin_lock many[4] SEC(".data.many");
static struct {
	struct bpf_spin_lock guard;
	struct bpf_list_head head __attribute__((btf_decl_tag("contains:list_node:node")));
} queue SEC(".data.queue");
static struct bpf_spin_lock other SEC(".data.other");
static __u64 counter SEC(".data.counter");

SEC("tc")
int mixed_forms(struct __sk_buff *skb)
{
	unsigned long flags;
	if (bpf_res_spin_lock_irqsave(&first, &flags))
		return 1;
	counter++;
	bpf_res_spin_unlock(&first);
	return 0;
}

SEC("tc")
int second_of_the_line(struct __sk_buff *skb)
{
	if (bpf_res_spin_lock(&first) || bpf_res_spin_lock(&second))
		return 1;
	counter++;
	bpf_res_spin_unlock(&second);
	bpf_res_spin_unlock(&first);
	return 0;
}

SEC("tc")
int wrong_order(struct __sk_buff *skb)
{
	if (bpf_res_spin_lock(&first)) return 1; if (bpf_res_spin_lock(&second)) { bpf_res_spin_unlock(&first); return 1; }
	counter++;
	bpf_res_spin_unlock(&first);
	bpf_res_spin_unlock(&second);
	return 0;
}

SEC("tc")
int shared_flags(struct __sk_buff *skb)
{
	unsigned long flags;
	if (bpf_res_spin_lock_irqsave(&first, &flags))
		return 1;
	if (bpf_res_spin_lock_irqsave(&second, &flags)) {
		bpf_res_spin_unlock_irqrestore(&first, &flags);
		return 1;
	}
	counter++;
	bpf_res_spin_unlock_irqrestore(&second, &flags);
	bpf_res_spin_unlock_irqrestore(&first, &flags);
	return 0;
}

SEC("tc")
int null_unchecked(struct __sk_buff *skb)
{
	__u64 *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	*event = skb->len;
	bpf_ringbuf_submit(event, 0);
	return 0;
}

SEC("tc")
int used_after_submit(struct __sk_buff *skb)
{
	__u64 *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event)
		return 1;
	*event = skb->len;
	bpf_ringbuf_submit(event, 0);
	return *event & 1;
}

static long early_return(__u32 index, void *context)
{
	if (bpf_res_spin_lock(&first))
		return 1;
	if (counter > 100)
		return 1;
	counter++;
	bpf_res_spin_unlock(&first);
	return 0;
}

SEC("tc")
int callback_returns_early(struct __sk_buff *skb)
{
	return bpf_loop(8, early_return, 0, 0);
}

SEC("tc")
int result_unchecked(struct __sk_buff *skb)
{
	bpf_res_spin_lock(&first);
	counter++;
	bpf_res_spin_unlock(&first);
	return 0;
}

SEC("tc")
int test_inverted(struct __sk_buff *skb)
{
	if (!bpf_res_spin_lock(&first))
		return 1;
	counter++;
	bpf_res_spin_unlock(&first);
	return 0;
}

SEC("tc")
int other_element(struct __sk_buff *skb)
{
	__u32 from = 0, to = 1;
	struct element *a = bpf_map_lookup_elem(&elements, &from);
	struct element *b = bpf_map_lookup_elem(&elements, &to);
	if (!a || !b)
		return 1;
	if (bpf_res_spin_lock(&a->lock))
		return 1;
	a->count++;
	bpf_res_spin_unlock(&b->lock);
	return 0;
}

SEC("tc")
int twice(struct __sk_buff *skb)
{
	if (bpf_res_spin_lock(&first))
		return 1;
	if (!bpf_res_spin_lock(&first))
		bpf_res_spin_unlock(&first);
	bpf_res_spin_unlock(&first);
	return 0;
}

__noinline int global_function(int value)
{
	counter += value;
	return value + 1;
}

SEC("tc")
int calls_global(struct __sk_buff *skb)
{
	int result;
	if (bpf_res_spin_lock(&first))
		return 1;
	result = global_function(skb->len);
	bpf_res_spin_unlock(&first);
	return result;
}

SEC("tc")
int used_after_unlock(struct __sk_buff *skb)
{
	struct list_node *node = bpf_obj_new_impl(__builtin_btf_type_id(*(struct list_node *)0, 0), 0);
	if (!node)
		return 1;
	bpf_spin_lock(&queue.guard);
	bpf_list_push_front_impl(&queue.head, &node->node, 0, 0);
	bpf_spin_unlock(&queue.guard);
	return node->value & 1;
}

SEC("tc")
int other_lock_held(struct __sk_buff *skb)
{
	struct list_node *node = bpf_obj_new_impl(__builtin_btf_type_id(*(struct list_node *)0, 0), 0);
	if (!node)
		return 1;
	bpf_spin_lock(&other);
	bpf_list_push_front_impl(&queue.head, &node->node, 0, 0);
	bpf_spin_unlock(&other);
	return 0;
}

SEC("tc")
int pretends(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct pretended *value = bpf_map_lookup_elem(&pretenders, &key);
	if (!value)
		return 1;
	if (bpf_res_spin_lock((struct bpf_res_spin_lock *)&value->lock))
		return 1;
	value->count++;
	bpf_res_spin_unlock((struct bpf_res_spin_lock *)&value->lock);
	return 0;
}

SEC("tc")
int variable_index(struct __sk_buff *skb)
{
	struct bpf_res_spin_lock *lock = &many[skb->len & 3];
	if (bpf_res_spin_lock(lock))
		return 1;
	bpf_res_spin_unlock(lock);
	return 0;
}

SEC("tc")
int on_the_stack(struct __sk_buff *skb)
{
	struct bpf_res_spin_lock lock = {};
	if (bpf_res_spin_lock(&lock))
		return 1;
	bpf_res_spin_unlock(&lock);
	return 0;
}

SEC("kprobe/vfs_read")
int in_a_kprobe(void *context)
{
	bpf_spin_lock(&other);
	bpf_spin_unlock(&other);
	return 0;
}

SEC("tc")
int interrupts_stay_off(struct __sk_buff *skb)
{
	unsigned long flags;
	bpf_local_irq_save(&flags);
	if (skb->len > 50)
		return 1;
	bpf_local_irq_restore(&flags);
	return 0;
}


SEC("socket")
int in_a_socket_filter(struct __sk_buff *skb)
{
	if (bpf_res_spin_lock(&first))
		return 1;
	counter++;
	bpf_res_spin_unlock(&first);
	return 0;
}

SEC("tc")
int through_null(struct __sk_buff *skb)
{
	int value;
	asm volatile("r2 = 0; %0 = *(u32 *)(r2 + 0)" : "=r"(value) :: "r2");
	return value;
}

SEC("tc")
int through_a_number(struct __sk_buff *skb)
{
	int value;
	asm volatile("r2 = 4096; %0 = *(u32 *)(r2 + 0)" : "=r"(value) :: "r2");
	return value;
}
