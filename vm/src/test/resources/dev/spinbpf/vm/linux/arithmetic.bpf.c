// Instructions: division, sign extension, byte order, shifts, atomics; loops and iterators.
#include "kernel.h"

volatile long numbers[8] = { 7, -7, 0, -1, (long)0x8000000000000000, 0x7fffffff, 0x123456789abcdef0, 3 };

SEC("tc") int signed_division(struct __sk_buff *skb)
{
	BEGIN;

	REC(numbers[1] / numbers[7]);
	REC(numbers[1] % numbers[7]);
	REC(numbers[0] / numbers[3]);
	REC((unsigned long)numbers[1] / (unsigned long)numbers[7]);
	REC((unsigned long)numbers[1] % (unsigned long)numbers[7]);
	REC((int)numbers[1] / (int)numbers[7]);
	REC((int)numbers[1] % (int)numbers[7]);
	REC((__u32)numbers[1] / (__u32)numbers[7]);
	REC((__u32)numbers[1] % (__u32)numbers[7]);
	REC(numbers[4] / -numbers[7]);
	DONE;
}

static __always_inline long by_zero(int what, long a, long b)
{
	switch (what) {
	case 0:
		asm volatile("%0 /= %1" : "+r"(a) : "r"(b));
		break;
	case 1:
		asm volatile("%0 %%= %1" : "+r"(a) : "r"(b));
		break;
	case 2:
		asm volatile("%0 s/= %1" : "+r"(a) : "r"(b));
		break;
	case 3:
		asm volatile("%0 s%%= %1" : "+r"(a) : "r"(b));
		break;
	case 4:
		asm volatile("w1 = %1; w2 = %2; w1 /= w2; %0 = r1" : "=r"(a) : "r"(a), "r"(b) : "r1", "r2");
		break;
	case 5:
		asm volatile("w1 = %1; w2 = %2; w1 %%= w2; %0 = r1" : "=r"(a) : "r"(a), "r"(b) : "r1", "r2");
		break;
	case 6:
		asm volatile("w1 = %1; w2 = %2; w1 s/= w2; %0 = r1" : "=r"(a) : "r"(a), "r"(b) : "r1", "r2");
		break;
	case 7:
		asm volatile("w1 = %1; w2 = %2; w1 s%%= w2; %0 = r1" : "=r"(a) : "r"(a), "r"(b) : "r1", "r2");
		break;
	}
	return a;
}

SEC("tc") int division_at_the_edge(struct __sk_buff *skb)
{
	long zero = numbers[2], minus_one = numbers[3], least = numbers[4];
	BEGIN;

	REC(by_zero(0, least, zero));
	REC(by_zero(1, least, zero));
	REC(by_zero(2, least, zero));
	REC(by_zero(3, least, zero));
	REC(by_zero(2, least, minus_one));
	REC(by_zero(3, least, minus_one));
	DONE;
}

#define NARROW(operation)                                                                                              \
	({                                                                                                             \
		long a_ = numbers[1], b_ = numbers[2], result_;                                                        \
		asm volatile("r1 = %1\n r2 = %2\n w1 " operation " w2\n %0 = r1"                                       \
			     : "=r"(result_)                                                                           \
			     : "r"(a_), "r"(b_)                                                                        \
			     : "r1", "r2");                                                                            \
		result_;                                                                                               \
	})
#define NARROW2(operation, i, j)                                                                                       \
	({                                                                                                             \
		long a_ = numbers[i], b_ = numbers[j], result_;                                                        \
		asm volatile("r1 = %1\n r2 = %2\n w1 " operation " w2\n %0 = r1"                                       \
			     : "=r"(result_)                                                                           \
			     : "r"(a_), "r"(b_)                                                                        \
			     : "r1", "r2");                                                                            \
		result_;                                                                                               \
	})

SEC("tc") int narrow_operations(struct __sk_buff *skb)
{
	BEGIN;

	REC(NARROW("/="));
	REC(NARROW("%%="));
	REC(NARROW("s/="));
	REC(NARROW("s%%="));
	REC(NARROW("<<="));
	REC(NARROW("s>>="));
	REC(NARROW2("s/=", 1, 7));
	REC(NARROW2("s%%=", 1, 7));
	REC(NARROW2("+=", 6, 5));
	REC(NARROW2("*=", 6, 5));
	REC(NARROW2("<<=", 6, 1));
	REC(NARROW2(">>=", 6, 1));
	REC(NARROW2("s>>=", 3, 6));
	REC(NARROW2("-=", 2, 7));
	REC(NARROW2("^=", 6, 3));
	DONE;
}

SEC("tc") int sign_extension(struct __sk_buff *skb)
{
	BEGIN;

	REC((__s8)numbers[6]);
	REC((__s16)numbers[6]);
	REC((__s32)numbers[6]);
	REC(*(volatile __s8 *)&numbers[6]);
	REC(*(volatile __s16 *)&numbers[6]);
	REC(*(volatile __s32 *)&numbers[6]);
	REC(*(volatile __u8 *)&numbers[6]);
	REC((__u32)(__s32)(__s8)numbers[6]);
	REC((__u32)(__s32)(__s16)numbers[6]);
	DONE;
}

SEC("tc") int byte_order(struct __sk_buff *skb)
{
	BEGIN;

	REC(__builtin_bswap16((__u16)numbers[6]));
	REC(__builtin_bswap32((__u32)numbers[6]));
	REC(__builtin_bswap64(numbers[6]));
	long a = numbers[6];
	asm volatile("%0 = be16 %0" : "+r"(a));
	REC(a);
	a = numbers[6];
	asm volatile("%0 = be32 %0" : "+r"(a));
	REC(a);
	a = numbers[6];
	asm volatile("%0 = le16 %0" : "+r"(a));
	REC(a);
	a = numbers[6];
	asm volatile("%0 = le32 %0" : "+r"(a));
	REC(a);
	DONE;
}

SEC("tc") int shifts(struct __sk_buff *skb)
{
	BEGIN;
	long amount = numbers[7];

	REC(numbers[4] >> amount);
	REC((unsigned long)numbers[4] >> amount);
	REC(numbers[6] << amount);
	REC((int)numbers[6] >> amount);
	amount = numbers[6];
	long a = numbers[6];
	asm volatile("%0 <<= %1" : "+r"(a) : "r"(amount));
	REC(a);
	a = numbers[4];
	asm volatile("%0 s>>= %1" : "+r"(a) : "r"(amount));
	REC(a);
	a = numbers[4];
	asm volatile("%0 >>= %1" : "+r"(a) : "r"(amount));
	REC(a);
	DONE;
}

__u64 wide = 100;
__u32 narrow = 100;

SEC("tc") int atomics(struct __sk_buff *skb)
{
	BEGIN;

	REC(__sync_fetch_and_add(&wide, 5));
	REC(__sync_fetch_and_sub(&wide, 3));
	REC(__sync_fetch_and_and(&wide, 0xf0));
	REC(__sync_fetch_and_or(&wide, 0x0f));
	REC(__sync_fetch_and_xor(&wide, 0xff));
	REC(__sync_lock_test_and_set(&wide, 77));
	REC(__sync_val_compare_and_swap(&wide, 77, 78));
	REC(__sync_val_compare_and_swap(&wide, 77, 79));
	REC(__sync_fetch_and_add(&narrow, -101));
	REC(__sync_fetch_and_and(&narrow, 0xfffffff0));
	REC(__sync_fetch_and_or(&narrow, 1));
	REC(__sync_fetch_and_xor(&narrow, 0x80000000));
	REC(__sync_lock_test_and_set(&narrow, 5));
	REC(__sync_val_compare_and_swap(&narrow, 5, -1));
	REC(__sync_val_compare_and_swap(&narrow, 5, 9));
	REC(wide);
	REC(narrow);
	__sync_fetch_and_add(&wide, 1000);
	DONE;
}

static int add_index(__u32 index, long *sum)
{
	*sum += index;
	return 0;
}

static int stop_at_four(__u32 index, long *sum)
{
	*sum += 100;
	return index == 4;
}

SEC("tc") int loops(struct __sk_buff *skb)
{
	long sum = 0;
	BEGIN;

	REC(bpf_loop(10, add_index, &sum, 0));
	REC(sum);
	REC(bpf_loop(10, stop_at_four, &sum, 0));
	REC(sum);
	REC(bpf_loop(0, add_index, &sum, 0));
	REC(bpf_loop(10, add_index, &sum, 1));
	REC(bpf_loop((8 << 20) + 1, stop_at_four, &sum, 0));
	REC(sum);
	DONE;
}

SEC("tc") int number_iterators(struct __sk_buff *skb)
{
	struct bpf_iter_num it;
	long sum = 0;
	int *value;
	BEGIN;

	REC(bpf_iter_num_new(&it, 3, 9));
	while ((value = bpf_iter_num_next(&it)))
		out[20] = out[20] * 10 + *value;
	bpf_iter_num_destroy(&it);
	REC(bpf_iter_num_new(&it, 9, 3));
	REC(bpf_iter_num_next(&it) != NULL);
	bpf_iter_num_destroy(&it);
	REC(bpf_iter_num_new(&it, 0, (8 << 20) + 1));
	REC(bpf_iter_num_next(&it) != NULL);
	bpf_iter_num_destroy(&it);
	REC(bpf_iter_num_new(&it, -5, -5));
	REC(bpf_iter_num_next(&it) != NULL);
	bpf_iter_num_destroy(&it);
	REC(bpf_iter_num_new(&it, 0x7ffffffe, 0x7fffffff));
	while ((value = bpf_iter_num_next(&it)))
		out[21] += *value;
	bpf_iter_num_destroy(&it);
	DONE;
}

__u64 words[9] = { 0x8000000000000001, 0, 0xf0 };

SEC("tc") int bit_iterators(struct __sk_buff *skb)
{
	struct bpf_iter_bits it;
	int *bit;
	BEGIN;

	REC(bpf_iter_bits_new(&it, words, 1));
	while ((bit = bpf_iter_bits_next(&it)))
		out[20] = out[20] * 100 + *bit + 1;
	bpf_iter_bits_destroy(&it);
	REC(bpf_iter_bits_new(&it, words, 3));
	while ((bit = bpf_iter_bits_next(&it)))
		out[21] = out[21] * 100 + *bit + 1;
	bpf_iter_bits_destroy(&it);
	REC(bpf_iter_bits_new(&it, words, 0));
	REC(bpf_iter_bits_next(&it) != NULL);
	bpf_iter_bits_destroy(&it);
	REC(bpf_iter_bits_new(&it, words, 512));
	bpf_iter_bits_destroy(&it);
	REC(bpf_iter_bits_new(&it, NULL, 1));
	bpf_iter_bits_destroy(&it);
	DONE;
}

SEC("tc") int bulk_copies(struct __sk_buff *skb)
{
	char a[40], b[40];
	BEGIN;

	for (int i = 0; i < 40; i++)
		a[i] = i * 7;
	__builtin_memcpy(b, a, sizeof(a));
	__builtin_memset(b + 8, 0x5a, 8);
	__builtin_memmove(a, b, 24);
	for (int i = 0; i < 5; i++)
		REC(((__u64 *)a)[i]);
	DONE;
}
