<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model\Login;

use Magento\Framework\App\ResourceConnection;
use StoreController\Bridge\Core\LoginToken;

/**
 * One-time links, kept as hashes until they are used or too old.
 */
class Links
{
    private const TABLE = 'storecontroller_login_link';

    /**
     * @param ResourceConnection $resource
     * @param LoginToken $tokens
     */
    public function __construct(
        private readonly ResourceConnection $resource,
        private readonly LoginToken $tokens
    ) {
    }

    /**
     * Keeps a new link and forgets the old ones.
     *
     * @param string $role
     * @param int $now
     * @return array{token: string, expires_at: int}
     */
    public function make(string $role, int $now): array
    {
        $token = $this->tokens->mint();
        $expires = $this->tokens->expiry($now);
        $connection = $this->resource->getConnection();
        $table = $this->resource->getTableName(self::TABLE);
        $connection->delete($table, ['expires_at < ?' => $now]);
        $connection->insert($table, [
            'token_hash' => $this->tokens->digest($token),
            'role' => $role,
            'expires_at' => $expires,
        ]);
        return ['token' => $token, 'expires_at' => $expires];
    }

    /**
     * Uses a link up. Returns whom it signs in; null when it is unknown, used or too old.
     *
     * @param string $token
     * @param int $now
     */
    public function redeem(string $token, int $now): ?string
    {
        $digest = $this->tokens->digest($token);
        if ($digest === null) {
            return null;
        }
        $connection = $this->resource->getConnection();
        $table = $this->resource->getTableName(self::TABLE);
        $select = $connection->select()->from($table, ['role'])->where('token_hash = ?', $digest);
        $role = $connection->fetchOne($select);
        // Whoever deletes the row has the link; of two who come at once only one does.
        $deleted = $connection->delete($table, ['token_hash = ?' => $digest, 'expires_at >= ?' => $now]);
        return $deleted === 1 && is_string($role) ? $role : null;
    }
}
