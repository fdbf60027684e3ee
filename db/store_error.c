/* SQLite's codes and errno as the results of store.h, and those in words. */
#include "db/store_error.h"

#include <errno.h>
#include <sqlite3.h>
#include <string.h>

#include "db/store.h"

int store_rc_of_errno(int err)
{
	switch (err) {
	case ENOSPC:
	case EDQUOT:
		return -ENOSPC;
	case EROFS:
		return -EROFS;
	case EACCES:
	case EPERM:
		return -EACCES;
	case ENOENT:
	case ENOTDIR:
		return -ENOENT;
	default:
		return -EIO;
	}
}

int store_rc_of(sqlite3 *db, int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_READONLY:
		return code == SQLITE_READONLY_DBMOVED ? -ESTALE : -EROFS;
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return -EACCES;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_PROTOCOL:
		return -EBUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EUCLEAN;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_INTERRUPT:
		return -EINTR;
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		return store_rc_of_errno(db ? sqlite3_system_errno(db) : EIO);
	default:
		return -EINVAL;
	}
}

const char *store_reason(int rc)
{
	switch (rc) {
	case -ENOSPC:
		return "the disk is full";
	case -EROFS:
		return "the file or its file system is read-only";
	case -EACCES:
		return "no permission for the file or its folder";
	case -ENOENT:
		return "its folder does not exist";
	case -EIO:
		return "the disk failed";
	case -EBUSY:
		return "another program holds it locked";
	case -EUCLEAN:
		return "it is corrupt, or not a database";
	case -ESTALE:
		return "it was deleted or replaced";
	case -EPROTO:
		return "it was made by a newer version of nameward";
	case -ENOTSUP:
		return "it was made by an older version: namewardd brings it up to date when it starts";
	case -EMEDIUMTYPE:
		return "it is another program's database";
	case -ENOBUFS:
		return "a reader has held a transaction open for too long";
	case -EAGAIN:
		return "another program wrote to it";
	case -ENOMEM:
		return "out of memory";
	default:
		return strerror(-rc);
	}
}
