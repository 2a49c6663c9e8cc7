<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model\TableRates;

use Magento\OfflineShipping\Model\ResourceModel\Carrier\Tablerate as TablerateResource;
use StoreController\Bridge\Core\Amount;
use StoreController\Bridge\Core\TableRow;
use StoreController\Bridge\Core\TableRows;

/**
 * The table that the carrier "tablerate" quotes from. It has no REST route, and its setting is a file upload.
 */
class Table
{
    private const ANY_COUNTRY = '0';
    private const ANY_REGION = 0;
    private const ROWS_A_STATEMENT = 500;

    /**
     * @param TablerateResource $resource
     * @param Directory $directory
     * @param Amount $amount
     * @param TableRows $rows
     */
    public function __construct(
        private readonly TablerateResource $resource,
        private readonly Directory $directory,
        private readonly Amount $amount,
        private readonly TableRows $rows
    ) {
    }

    /**
     * Returns the rows of a website and condition in their order.
     *
     * @param int $websiteId
     * @param string $condition
     * @return TableRow[]
     */
    public function read(int $websiteId, string $condition): array
    {
        $connection = $this->resource->getConnection();
        $select = $connection->select()
            ->from($this->resource->getMainTable())
            ->where('website_id = ?', $websiteId)
            ->where('condition_name = ?', $condition);
        $codes = $this->directory->regionCodes();
        $rows = [];
        foreach ($connection->fetchAll($select) as $row) {
            $region = (int)$row['dest_region_id'];
            $one = new TableRow(
                $row['dest_country_id'] === self::ANY_COUNTRY ? TableRows::ANY : (string)$row['dest_country_id'],
                $region === self::ANY_REGION ? TableRows::ANY : ($codes[$region] ?? (string)$region),
                (string)$row['dest_zip'] === '' ? TableRows::ANY : (string)$row['dest_zip'],
                (string)$this->amount->normal((string)$row['condition_value']),
                (string)$this->amount->normal((string)$row['price'], 2)
            );
            $rows[$one->key()] = $one;
        }
        return $this->rows->sorted(array_values($rows));
    }

    /**
     * Makes these the only rows of a website and condition, in one transaction.
     *
     * @param int $websiteId
     * @param string $condition
     * @param TableRow[] $rows
     */
    public function write(int $websiteId, string $condition, array $rows): void
    {
        $connection = $this->resource->getConnection();
        $connection->beginTransaction();
        try {
            $connection->delete($this->resource->getMainTable(), [
                'website_id = ?' => $websiteId,
                'condition_name = ?' => $condition,
            ]);
            foreach (array_chunk($this->columns($websiteId, $condition, $rows), self::ROWS_A_STATEMENT) as $chunk) {
                $connection->insertMultiple($this->resource->getMainTable(), $chunk);
            }
            $connection->commit();
        } catch (\Throwable $failure) {
            $connection->rollBack();
            throw $failure;
        }
    }

    /**
     * Returns the rows as the table's columns.
     *
     * @param int $websiteId
     * @param string $condition
     * @param TableRow[] $rows
     * @return array<int, array<string, int|string>>
     */
    private function columns(int $websiteId, string $condition, array $rows): array
    {
        $columns = [];
        foreach ($rows as $row) {
            $regions = $row->region === TableRows::ANY
                ? [self::ANY_REGION]
                : $this->directory->regionIds($row->country, $row->region);
            foreach ($regions as $region) {
                $columns[] = [
                    'website_id' => $websiteId,
                    'dest_country_id' => $row->country === TableRows::ANY ? self::ANY_COUNTRY : $row->country,
                    'dest_region_id' => $region,
                    'dest_zip' => $row->postcode,
                    'condition_name' => $condition,
                    'condition_value' => $row->from,
                    'price' => $row->price,
                ];
            }
        }
        return $columns;
    }
}
