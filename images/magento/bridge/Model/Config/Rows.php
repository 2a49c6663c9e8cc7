<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model\Config;

use Magento\Framework\App\ResourceConnection;

/**
 * Rows of core_config_data, read for many paths at once.
 */
class Rows
{
    private const TABLE = 'core_config_data';
    private const PATHS_A_QUERY = 500;

    /**
     * @var array<string, array<string, array{id: int, value: string}>>
     */
    private array $rows = [];

    /**
     * @param ResourceConnection $resource
     */
    public function __construct(private readonly ResourceConnection $resource)
    {
    }

    /**
     * Reads what the database has now for these paths, in all scopes.
     *
     * @param string[] $paths
     */
    public function load(array $paths): void
    {
        $this->rows = array_fill_keys($paths, []);
        $connection = $this->resource->getConnection();
        foreach (array_chunk(array_keys($this->rows), self::PATHS_A_QUERY) as $chunk) {
            $select = $connection->select()
                ->from($this->resource->getTableName(self::TABLE))
                ->where('path IN (?)', array_map('strval', $chunk));
            foreach ($connection->fetchAll($select) as $row) {
                $this->rows[$row['path']][$row['scope'] . '|' . $row['scope_id']] = [
                    'id' => (int)$row['config_id'],
                    'value' => (string)$row['value'],
                ];
            }
        }
    }

    /**
     * Returns a row's number and its value as it is kept; null when there is no row.
     *
     * @param string $path
     * @param string $scope
     * @param int $scopeId
     * @return array{id: int, value: string}|null
     */
    public function find(string $path, string $scope, int $scopeId): ?array
    {
        if (!array_key_exists($path, $this->rows)) {
            $loaded = $this->rows;
            $this->load([$path]);
            $this->rows += $loaded;
        }
        return $this->rows[$path][$scope . '|' . $scopeId] ?? null;
    }
}
