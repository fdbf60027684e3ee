/* Numbers of the nf_tables interface that Debian 12's kernel headers do not name yet. They are
 * part of the kernel's interface and so never change. */
#ifndef NFTSYNC_NFT_COMPAT_H
#define NFTSYNC_NFT_COMPAT_H

enum {
	COMPAT_MSG_DESTROYSETELEM = 30, /* Linux 6.3 */
	COMPAT_TABLE_F_PERSIST = 0x4,	/* Linux 6.9 */
};

#endif
