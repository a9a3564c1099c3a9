// Where packets are sent, and what room is made in them: maps of targets that are empty, and a packet that is no IP.
#include "../kernel.h"


static long (*redirect_map)(void *map, __u64 key, __u64 flags) = (void *)51;
static long (*redirect)(__u32 ifindex, __u64 flags) = (void *)23;
static long (*redirect_peer)(__u32 ifindex, __u64 flags) = (void *)155;
static long (*redirect_neigh)(__u32 ifindex, void *params, int size, __u64 flags) = (void *)152;
static long (*check_mtu)(void *ctx, __u32 ifindex, __u32 *length, __s32 difference, __u64 flags) = (void *)163;
static long (*fib_lookup)(void *ctx, void *params, int size, __u32 flags) = (void *)69;
static long (*adjust_room)(struct __sk_buff *skb, __s32 difference, __u32 mode, __u64 flags) = (void *)50;
static long (*change_head)(struct __sk_buff *skb, __u32 room, __u64 flags) = (void *)43;
static long (*change_proto)(struct __sk_buff *skb, __u16 proto, __u64 flags) = (void *)31;
static long (*change_type)(struct __sk_buff *skb, __u32 type) = (void *)32;
static long (*vlan_push)(struct __sk_buff *skb, __u16 proto, __u16 tag) = (void *)18;
static long (*vlan_pop)(struct __sk_buff *skb) = (void *)19;
static long (*set_tstamp)(struct __sk_buff *skb, __u64 time, __u32 type) = (void *)192;
static long (*load)(const void *skb, __u32 offset, void *to, __u32 size) = (void *)26;
static void *(*sk_lookup)(void *ctx, void *tuple, __u32 size, __u64 netns, __u64 flags) = (void *)84;
static long (*sk_release)(void *sock) = (void *)86;
static long (*ecn)(struct __sk_buff *skb) = (void *)97;
static long (*set_tunnel)(struct __sk_buff *skb, void *key, __u32 size, __u64 flags) = (void *)21;
static long (*get_tunnel)(struct __sk_buff *skb, void *key, __u32 size, __u64 flags) = (void *)20;
static long (*get_tunnel_opt)(struct __sk_buff *skb, void *opt, __u32 size) = (void *)29;
static void *(*local_storage)(void *map, __u64 flags) = (void *)81;
static void *(*map_lookup)(void *map, const void *key) = (void *)1;


#define TARGETS(name, kind, entries)                                                                                   \
	struct {                                                                                                       \
		__uint(type, kind);                                                                                    \
		__uint(key_size, 4);                                                                                   \
		__uint(value_size, 4);                                                                                 \
		__uint(max_entries, entries);                                                                          \
	} name SEC(".maps")
TARGETS(devices, 14, 4);
TARGETS(device_hash, 25, 4);
TARGETS(cpus, 16, 2);
TARGETS(queues, 17, 4);
TARGETS(sockets, 15, 4);

struct key { __u64 cgroup; __u32 attach; };
struct {
	__uint(type, 19);
	__type(key, struct key);
	__type(value, __u64);
} shared SEC(".maps");
struct {
	__uint(type, 21);
	__type(key, struct key);
	__type(value, __u64);
} each SEC(".maps");

#define TO_MAP(name, map)                                                                                              \
	SEC("xdp") int name(struct xdp_md *ctx)                                                                        \
	{                                                                                                              \
		__u64 sum = redirect_map(&map, 0, 0);                                                                  \
		sum = sum * 7 + redirect_map(&map, 1, 2);                                                              \
		sum = sum * 7 + redirect_map(&map, 99, 3);                                                             \
		sum = sum * 7 + redirect_map(&map, 0, 4);                                                              \
		sum = sum * 7 + redirect_map(&map, 1ull << 32, 1);                                                     \
		return sum;                                                                                            \
	}
TO_MAP(to_devices, devices)
TO_MAP(to_device_hash, device_hash)
TO_MAP(to_cpus, cpus)
TO_MAP(to_queues, queues)

SEC("xdp") int broadcast(struct xdp_md *ctx)
{
	return redirect_map(&devices, 0, 8) * 100 + redirect_map(&device_hash, 0, 8 | 16) * 10 + redirect_map(&devices, 0, 16 | 2);
}

SEC("xdp") int no_socket_of_a_queue(struct xdp_md *ctx)
{
	__u32 key = 1;

	return map_lookup(&queues, &key) ? 1 : 2;
}

SEC("tc") int no_socket_in_a_map(struct __sk_buff *skb)
{
	__u32 key = 1;
	void *found = map_lookup(&sockets, &key);

	if (found) {
		sk_release(found);
		return 1;
	}
	return 2;
}

SEC("tc") int no_socket_of_a_tuple(struct __sk_buff *skb)
{
	__u32 tuple[3] = { 0x0100007f, 0x0100007f, 0x50005000 };
	void *found = sk_lookup(skb, tuple, sizeof(tuple), -1, 0);

	if (found) {
		sk_release(found);
		return 1;
	}
	return 2;
}

SEC("tc") int redirects(struct __sk_buff *skb)
{
	__u64 sum = redirect(1, 0);
	sum = sum * 11 + redirect(1, 1);
	sum = sum * 11 + redirect(1, 2);
	sum = sum * 11 + redirect_peer(1, 0);
	sum = sum * 11 + redirect_peer(1, 1);
	sum = sum * 11 + redirect_neigh(1, NULL, 0, 0);
	sum = sum * 11 + redirect_neigh(1, NULL, 0, 1);
	return sum;
}

#define MTU(name, section, type, ifindex, start, difference, flags)                                                    \
	SEC(section) int name(struct type *ctx)                                                                        \
	{                                                                                                              \
		__u32 length = start;                                                                                  \
		long error = check_mtu(ctx, ifindex, &length, difference, flags);                                      \
		return error * 1000003 + length;                                                                       \
	}
MTU(mtu_of_packet, "tc", __sk_buff, 0, 0, 0, 0)
MTU(mtu_of_device, "tc", __sk_buff, 1, 0, 0, 0)
MTU(mtu_no_device, "tc", __sk_buff, 77, 0, 0, 0)
MTU(mtu_too_long, "tc", __sk_buff, 0, 65537, 0, 0)
MTU(mtu_just_right, "tc", __sk_buff, 0, 65536, 0, 0)
MTU(mtu_difference, "tc", __sk_buff, 0, 65530, 7, 0)
MTU(mtu_shrinks, "tc", __sk_buff, 0, 65540, -4, 0)
MTU(mtu_grows, "tc", __sk_buff, 0, 0, 70000, 0)
MTU(mtu_segments, "tc", __sk_buff, 0, 0, 0, 1)
MTU(mtu_segments_and_length, "tc", __sk_buff, 0, 5, 0, 1)
MTU(mtu_flag, "tc", __sk_buff, 0, 0, 0, 2)
MTU(mtu_xdp, "xdp", xdp_md, 0, 0, 0, 0)
MTU(mtu_xdp_too_long, "xdp", xdp_md, 1, 65537, 0, 0)
MTU(mtu_xdp_no_device, "xdp", xdp_md, 5, 0, 0, 0)
MTU(mtu_xdp_flag, "xdp", xdp_md, 0, 0, 0, 1)

SEC("tc") int fib(struct __sk_buff *skb)
{
	__u32 params[16] = {};
	__u64 sum = fib_lookup(skb, params, sizeof(params), 0);
	params[0] = 2;
	sum = sum * 1009 + fib_lookup(skb, params, sizeof(params), 0);
	params[2] = 1;
	sum = sum * 1009 + fib_lookup(skb, params, sizeof(params), 0);
	sum = sum * 1009 + fib_lookup(skb, params, 60, 0);
	sum = sum * 1009 + fib_lookup(skb, params, sizeof(params), 1 << 20);
	return sum;
}

#define ROOM(name, difference, mode, flags)                                                                            \
	SEC("tc") int name(struct __sk_buff *skb)                                                                      \
	{                                                                                                              \
		return adjust_room(skb, difference, mode, flags) * 1000 + skb->len;                                    \
	}
ROOM(room_not_ip, 20, 0, 0)
ROOM(room_not_ip_mac, -20, 1, 0)
ROOM(room_mode, 20, 2, 0)
ROOM(room_flag, 20, 1, 1 << 20)
ROOM(room_too_much, 5000, 1, 0)

SEC("tc") int heads(struct __sk_buff *skb)
{
	__u64 sum = skb->len;
	sum = sum * 101 + change_head(skb, 14, 0);
	sum = sum * 101 + skb->len;
	sum = sum * 101 + change_head(skb, 14, 1);
	sum = sum * 101 + change_head(skb, 1u << 30, 0);
	sum = sum * 101 + skb->len;
	return sum;
}

SEC("tc") int protocols(struct __sk_buff *skb)
{
	__u64 sum = change_proto(skb, 0x0008, 0);
	sum = sum * 101 + change_proto(skb, 0xdd86, 0);
	sum = sum * 101 + change_proto(skb, 0xdd86, 1);
	return sum;
}

SEC("tc") int types(struct __sk_buff *skb)
{
	__u64 sum = change_type(skb, 3);
	sum = sum * 101 + skb->pkt_type;
	sum = sum * 101 + change_type(skb, 4);
	sum = sum * 101 + skb->pkt_type;
	return sum;
}

SEC("tc") int tags(struct __sk_buff *skb)
{
	__u64 bytes[3] = {};
	__u64 sum = vlan_push(skb, 0x0081, 0x123);
	sum = sum * 10007 + skb->vlan_present * 3 + skb->vlan_tci;
	sum = sum * 10007 + skb->vlan_proto + skb->len;
	sum = sum * 10007 + vlan_push(skb, 0xa888, 0x456);
	sum = sum * 10007 + skb->vlan_present * 3 + skb->vlan_tci;
	sum = sum * 10007 + skb->vlan_proto + skb->len;
	load(skb, 0, bytes, 20);
	sum = sum * 10007 + bytes[0] + (bytes[1] >> 32) + bytes[2] + skb->protocol;
	sum = sum * 10007 + vlan_pop(skb);
	sum = sum * 10007 + skb->vlan_present * 3 + skb->vlan_tci + skb->len;
	sum = sum * 10007 + vlan_pop(skb);
	sum = sum * 10007 + skb->vlan_present * 3 + skb->vlan_tci + skb->len;
	sum = sum * 10007 + vlan_pop(skb);
	sum = sum * 10007 + skb->len;
	return sum ^ sum >> 32;
}

SEC("tc") int times(struct __sk_buff *skb)
{
	return set_tstamp(skb, 0, 0) * 10007 + set_tstamp(skb, 5, 1);
}

SEC("tc") int congestion(struct __sk_buff *skb)
{
	return ecn(skb) + 5;
}

SEC("tc") int tunnels(struct __sk_buff *skb)
{
	__u64 key[6] = {}, option = 7;
	__u64 sum = get_tunnel(skb, key, 44, 0);
	sum = sum * 101 + get_tunnel_opt(skb, &option, 8);
	sum = sum * 101 + option;
	sum = sum * 101 + set_tunnel(skb, key, 44, 0);
	sum = sum * 101 + set_tunnel(skb, key, 44, 1 << 10);
	return sum;
}

SEC("cgroup_skb/ingress") int storage(struct __sk_buff *skb)
{
	__u64 *one = local_storage(&shared, 0);
	__u64 *other = local_storage(&each, 0);

	*one += 3;
	*other += 5;
	one = local_storage(&shared, 0);
	other = local_storage(&each, 0);
	return ((*one * 10 + *other) == 35) + 2 * 0;
}
