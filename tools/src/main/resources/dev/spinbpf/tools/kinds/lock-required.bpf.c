#include "kinds.h"

struct item {
	struct bpf_list_node node;
	__u64 value;
};
static struct {
	struct bpf_spin_lock lock;
	struct bpf_list_head head __contains(item, node);
} queue SEC(".data.queue");
static struct bpf_spin_lock other SEC(".data.other");

SEC("tc")
int refused(struct __sk_buff *skb)
{
	struct item *item = bpf_obj_new(struct item);
	if (!item)
		return 1;
	bpf_spin_lock(&other);
	bpf_list_push_front(&queue.head, &item->node);
	bpf_spin_unlock(&other);
	return 0;
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	struct item *item = bpf_obj_new(struct item);
	if (!item)
		return 1;
	bpf_spin_lock(&queue.lock);
	bpf_list_push_front(&queue.head, &item->node);
	bpf_spin_unlock(&queue.lock);
	return 0;
}
